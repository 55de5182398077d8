#include "tables/system_tables.hpp"

#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/subqueryref.hpp"
#include "duckdb/planner/binder.hpp"
#include "python/errors.hpp"
#include "session/caller.hpp"
#include "session/session.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

namespace cocosql {

using namespace duckdb;

namespace {

struct SystemTable {
	const char *name;
	bool takes_argument;
	bool needs_argument;
	LogicalTypeId argument = LogicalTypeId::VARCHAR;
};

constexpr SystemTable SYSTEM_TABLES[] = {
    {"coco_views", false, false},    {"coco_operators", true, true}, {"coco_functions", false, false},
    {"coco_runs", true, false},      {"coco_lineage", true, true},   {"coco_changes", true, true},
    {"coco_errors", true, false},    {"coco_memo", true, false},
    {"coco_run_steps", true, true, LogicalTypeId::BIGINT},
};

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

unique_ptr<TableRef> Replace(ClientContext &context, TableFunctionBindInput &input) {
	auto sql = Expand(context, input);
	// What stands there may be another view's tables when a prepared statement runs again.
	input.binder->SetAlwaysRequireRebind();
	Parser parser(context);
	parser.ParseQuery(sql);
	return make_uniq<SubqueryRef>(unique_ptr_cast<SQLStatement, SelectStatement>(std::move(parser.statements[0])));
}

TableFunction Function(const SystemTable &table, vector<LogicalType> arguments) {
	TableFunction function(Identifier(table.name), std::move(arguments), nullptr);
	function.bind_replace = Replace;
	return function;
}

} // namespace

void RegisterSystemTables(ExtensionLoader &loader) {
	for (auto &table : SYSTEM_TABLES) {
		TableFunctionSet overloads {Identifier(table.name)};
		if (table.takes_argument) {
			overloads.AddFunction(Function(table, {LogicalType(table.argument)}));
		}
		if (!table.needs_argument) {
			overloads.AddFunction(Function(table, {}));
		}
		loader.RegisterFunction(std::move(overloads));
	}
}

} // namespace cocosql
