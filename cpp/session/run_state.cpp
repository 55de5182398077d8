#include "session/run_state.hpp"

#include "session/session_states.hpp"

namespace cocosql {

duckdb::shared_ptr<RunState> RunState::Start(duckdb::ClientContext &context, int64_t run_id, int64_t holder,
                                              std::shared_ptr<Cancellation> cancellation) {
	auto state = duckdb::make_shared_ptr<RunState>(run_id, holder, std::move(cancellation));
	context.registered_state->Remove(RUN_STATE);
	context.registered_state->Insert(RUN_STATE, state);
	return state;
}

duckdb::shared_ptr<RunState> RunState::Of(duckdb::ClientContext &context) {
	return context.registered_state->Get<RunState>(RUN_STATE);
}

void RunState::Add(const std::string &function, CallCount more) {
	std::lock_guard<std::mutex> guard(mutex);
	calls[function].count += more.count;
	calls[function].seconds += more.seconds;
}

std::map<std::string, CallCount> RunState::Calls() const {
	std::lock_guard<std::mutex> guard(mutex);
	return calls;
}

} // namespace cocosql
