#include "capture/key_log_functions.hpp"

#include "capture/key_log.hpp"
#include "capture/key_log_entries.hpp"
#include "duckdb/execution/expression_executor_state.hpp"
#include "duckdb/function/scalar_function.hpp"
#include "duckdb/main/extension/extension_loader.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

void RefuseNull(const Value &value) {
	if (value.IsNull()) {
		throw InvalidInputException("an argument of a function of the key log must not be NULL");
	}
}

//! A function for its effect, a row at a time.
template <class CALL>
void Register(ExtensionLoader &loader, const char *name, vector<LogicalType> arguments, const LogicalType &result_type,
              CALL call) {
	auto execute = [call](DataChunk &chunk, ExpressionState &state, Vector &result) {
		result.SetVectorType(VectorType::FLAT_VECTOR);
		for (idx_t row = 0; row < chunk.size(); row++) {
			vector<Value> values;
			for (idx_t i = 0; i < chunk.ColumnCount(); i++) {
				values.push_back(chunk.GetValue(i, row));
				RefuseNull(values.back());
			}
			result.Append(call(state.GetContext(), values));
		}
	};
	ScalarFunction function(Identifier(name), std::move(arguments), result_type, execute);
	function.SetVolatile();
	function.SetFallible();
	function.SetNullHandling(FunctionNullHandling::SPECIAL_HANDLING);
	loader.RegisterFunction(std::move(function));
}

vector<Identifier> Names(const Value &list) {
	vector<Identifier> names;
	for (auto &name : ListValue::GetChildren(list)) {
		RefuseNull(name);
		names.emplace_back(StringValue::Get(name));
	}
	return names;
}

Value Start(ClientContext &context, const vector<Value> &arguments) {
	return Value::UUID(KeyLogs::Get(context).Start(context, StringValue::Get(arguments[0]),
	                                               StringValue::Get(arguments[1]), StringValue::Get(arguments[2]),
	                                               StringValue::Get(arguments[3]),
	                                               {Names(arguments[4]), Names(arguments[5]), Names(arguments[6])}));
}

Value Stop(ClientContext &context, const vector<Value> &arguments) {
	return Value::BOOLEAN(
	    KeyLogs::Get(context).Stop(context, StringValue::Get(arguments[0]), StringValue::Get(arguments[1])));
}

Value State(ClientContext &context, const vector<Value> &arguments) {
	return Value(KeyLogs::Get(context).State(context, StringValue::Get(arguments[0]), StringValue::Get(arguments[1]),
	                                         arguments[2].GetValue<hugeint_t>()));
}

} // namespace

void RegisterKeyLogFunctions(ExtensionLoader &loader) {
	auto text = LogicalType::VARCHAR;
	auto texts = LogicalType::LIST(text);
	Register(loader, "coco_log_start", {text, text, text, text, texts, texts, texts}, LogicalType::UUID, Start);
	Register(loader, "coco_log_stop", {text, text}, LogicalType::BOOLEAN, Stop);
	Register(loader, "coco_log_state", {text, text, LogicalType::UUID}, text, State);
	loader.RegisterFunction(EntriesFunction());
}

} // namespace cocosql
