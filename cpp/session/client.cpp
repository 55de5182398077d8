#include "session/client.hpp"

#include "duckdb/execution/expression_executor_state.hpp"
#include "duckdb/main/database.hpp"
#include "python/errors.hpp"
#include "session/caller.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

void Execute(DataChunk &chunk, ExpressionState &state, Vector &result) {
	auto &context = state.GetContext();
	for (idx_t row = 0; row < chunk.size(); row++) {
		auto number = chunk.GetValue(0, row);
		if (number.IsNull()) {
			throw InvalidInputException("coco_client: cocosql.background gives it the number that it takes");
		}
		WithPython([&] {
			nb::module_::import_("cocosql.background")
			    .attr("take")(number.GetValue<int64_t>(), Client(context), Caller(context));
		});
	}
	result.Reference(Value::BOOLEAN(true), count_t(chunk.size()));
}

} // namespace

std::unique_ptr<Session> Client::Work(std::shared_ptr<StopEvent> stop) const {
	auto cancellation = CancelledByEvent(context, std::move(stop));
	return WithoutPython([&] {
		auto present = context.lock();
		cancellation->Check();
		return std::make_unique<Session>(DatabaseInstance::GetDatabase(*present), cancellation,
		                                 IdleConnections::Of(*present));
	});
}

ScalarFunction ClientFunction() {
	ScalarFunction function("coco_client", {LogicalType::BIGINT}, LogicalType::BOOLEAN, Execute);
	function.SetVolatile();
	function.SetFallible();
	return function;
}

} // namespace cocosql
