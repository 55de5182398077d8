#include "tables/system_tables.hpp"

#include "duckdb/planner/binder.hpp"
#include "python/errors.hpp"
#include "session/caller.hpp"
#include "session/names.hpp"
#include "session/session.hpp"
#include "tables/query.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

namespace cocosql {

using namespace duckdb;

namespace {

struct SystemTable {
	const char *name;
	//! The types of its arguments, for each form in which it is called.
	vector<vector<LogicalTypeId>> forms;
	//! Whether there may be further arguments, of any type.
	bool takes_more = false;
};

constexpr auto TEXT = LogicalTypeId::VARCHAR;

vector<SystemTable> SystemTables() {
	return {
	    {"coco_views", {{}}},
	    {"coco_operators", {{TEXT}}},
	    {"coco_functions", {{}}},
	    {"coco_runs", {{}, {TEXT}}},
	    {"coco_run_steps", {{LogicalTypeId::BIGINT}}},
	    {"coco_lineage", {{TEXT}, {TEXT, TEXT}}},
	    {"coco_column_lineage", {{}, {TEXT}, {TEXT, LogicalTypeId::BOOLEAN}}},
	    {"coco_impact", {{TEXT}}, true},
	    {"coco_changes", {{TEXT}}},
	    {"coco_explain_change", {{TEXT}, {TEXT, LogicalTypeId::BIGINT}}},
	    {"coco_errors", {{}, {TEXT}}},
	    {"coco_memo", {{}, {TEXT}}},
	};
}

std::string Expand(ClientContext &context, TableFunctionBindInput &input) {
	std::vector<std::string> arguments;
	for (auto &argument : input.inputs) {
		if (argument.IsNull()) {
			throw BinderException("%s: the argument must not be NULL", input.table_function.GetName().c_str());
		}
		arguments.push_back(argument.ToString());
	}
	return WithPython([&] {
		auto expand = nb::module_::import_("cocosql.tables").attr("expand");
		return nb::cast<std::string>(
		    expand(std::make_unique<Session>(context), input.table_function.GetName().c_str(), arguments, Caller(context)));
	});
}

unique_ptr<LogicalOperator> Bind(ClientContext &context, TableFunctionBindInput &input, TableIndex index,
                                 vector<Identifier> &names) {
	auto sql = Expand(context, input);
	// What stands there may be another view's tables when a prepared statement runs again.
	input.binder->SetAlwaysRequireRebind();
	EngineNames engine(context);
	return BindQuery(context, input, index, names, sql);
}

TableFunction Function(const SystemTable &table, const vector<LogicalTypeId> &form) {
	vector<LogicalType> arguments(form.begin(), form.end());
	TableFunction function(Identifier(table.name), std::move(arguments), nullptr);
	function.bind_operator = Bind;
	if (table.takes_more) {
		function.GetSignature().AddArgs("key", LogicalType::ANY);
	}
	return function;
}

} // namespace

void RegisterSystemTables(ExtensionLoader &loader) {
	for (auto &table : SystemTables()) {
		TableFunctionSet overloads {Identifier(table.name)};
		for (auto &form : table.forms) {
			overloads.AddFunction(Function(table, form));
		}
		loader.RegisterFunction(std::move(overloads));
	}
}

} // namespace cocosql
