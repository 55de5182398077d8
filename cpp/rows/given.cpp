#include "rows/given.hpp"

#include "duckdb/execution/expression_executor_state.hpp"
#include "session/names.hpp"
#include "session/session_states.hpp"

#include <map>

namespace cocosql {

using namespace duckdb;

namespace {

struct Given : ClientContextState {
	std::map<std::string, int64_t> by_name;
};

void Execute(DataChunk &chunk, ExpressionState &state, Vector &result) {
	auto given = state.GetContext().registered_state->Get<Given>(GIVEN_STATE);
	auto name = chunk.GetValue(0, 0).ToString();
	if (!given || given->by_name.count(name) == 0) {
		throw InvalidInputException("no number was given as %s", name);
	}
	result.Reference(Value::BIGINT(given->by_name.at(name)), count_t(chunk.size()));
}

} // namespace

void Give(Session &session, const std::string &name, int64_t number) {
	session.connection.context->registered_state->GetOrCreate<Given>(GIVEN_STATE)->by_name[name] = number;
}

ScalarFunction GivenFunction() {
	ScalarFunction function("coco_given", {LogicalType::VARCHAR}, LogicalType::BIGINT, Execute, BindForEngine);
	function.SetVolatile(); // planning must not put the number in its place
	return function;
}

} // namespace cocosql
