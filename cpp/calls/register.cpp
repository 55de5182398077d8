#include "calls/register.hpp"

#include "calls/callable_name.hpp"
#include "calls/inline_call.hpp"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/common/exception/catalog_exception.hpp"
#include "duckdb/execution/expression_executor_state.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "duckdb/parser/parsed_data/create_scalar_function_info.hpp"
#include "functions/function_registry.hpp"
#include "python/errors.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

//! Macros are made when somebody with a context first asks for them. The catalog, asked, would install an extension; its
//! schema does not.
bool IsFunctionOfDuckDB(ClientContext &context, const std::string &name) {
	auto &schema = Catalog::GetSystemCatalog(context).GetSchema(context, Identifier(DEFAULT_SCHEMA));
	auto transaction = schema.GetCatalogTransaction(context);
	return schema.GetEntry(transaction, CatalogType::SCALAR_FUNCTION_ENTRY, Identifier(name)) != nullptr;
}

void Register(ClientContext &context, int64_t id) {
	auto function = WithPython([&] {
		auto description = nb::module_::import_("cocosql.udf").attr("describe")(id);
		return make_shared_ptr<PythonFunction>(DatabaseInstance::GetDatabase(context), id, description);
	});
	if (!FunctionRegistry::Get(context).Contains(function->name) && IsFunctionOfDuckDB(context, function->name)) {
		throw CatalogException("%s is a function of DuckDB: register yours under another name, with "
		                       "cocosql.udf(name='…')",
		                       function->name);
	}
	CheckIsCalledByName(context, *function);
	ExtensionLoader loader(DatabaseInstance::GetDatabase(context), "cocosql");
	CreateScalarFunctionInfo info(InlineFunction(function));
	info.on_conflict = OnCreateConflict::REPLACE_ON_CONFLICT;
	loader.RegisterFunction(std::move(info));
	FunctionRegistry::Get(context).Put(std::move(function));
}

void Execute(DataChunk &chunk, ExpressionState &state, Vector &result) {
	for (idx_t row = 0; row < chunk.size(); row++) {
		auto number = chunk.GetValue(0, row);
		if (number.IsNull()) {
			throw InvalidInputException("coco_register: cocosql.register(con, function) gives it the number that it takes");
		}
		Register(state.GetContext(), number.GetValue<int64_t>());
	}
	result.Reference(Value::BOOLEAN(true), count_t(chunk.size()));
}

} // namespace

ScalarFunction RegisterPythonFunction() {
	ScalarFunction function("coco_register", {LogicalType::BIGINT}, LogicalType::BOOLEAN, Execute);
	function.SetVolatile();
	function.SetFallible();
	return function;
}

} // namespace cocosql
