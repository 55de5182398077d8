#include "calls/register.hpp"

#include "calls/callable_name.hpp"
#include "calls/inline_call.hpp"
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

void Register(ClientContext &context, int64_t id) {
	auto function = WithPython([&] {
		auto description = nb::module_::import_("cocosql.udf").attr("describe")(id);
		return make_shared_ptr<PythonFunction>(DatabaseInstance::GetDatabase(context), id, description);
	});
	ExtensionLoader loader(DatabaseInstance::GetDatabase(context), "cocosql");
	if (!FunctionRegistry::Get(context).Contains(function->name) && loader.TryGetFunction(Identifier(function->name))) {
		throw CatalogException("%s is a function of DuckDB: register yours under another name, with "
		                       "cocosql.udf(name='…')",
		                       function->name);
	}
	CheckIsCalledByName(context, *function);
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
