//! While it lives, statements that a connection binds take Python functions as consistent: DuckDB then plans correlated
//! subqueries that call them as it plans others. What is bound so is not to be run.
#pragma once

#include "duckdb/main/client_context.hpp"
#include "duckdb/main/client_context_state.hpp"

namespace cocosql {

class ConsistentCalls {
public:
	explicit ConsistentCalls(duckdb::ClientContext &context) : context(context) {
		context.registered_state->Insert(KEY, duckdb::make_shared_ptr<Mark>());
	}
	~ConsistentCalls() {
		context.registered_state->Remove(KEY);
	}
	ConsistentCalls(const ConsistentCalls &) = delete;
	ConsistentCalls &operator=(const ConsistentCalls &) = delete;

	static bool AreAssumed(duckdb::ClientContext &context) {
		return context.registered_state->Get<Mark>(KEY) != nullptr;
	}

private:
	struct Mark : duckdb::ClientContextState {};
	static constexpr const char *KEY = "cocosql_consistent_calls";

	duckdb::ClientContext &context;
};

} // namespace cocosql
