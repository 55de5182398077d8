//! What the function calls of one refresh add up to, kept with the connection that refreshes.
#pragma once

#include "duckdb/main/client_context.hpp"
#include "duckdb/main/client_context_state.hpp"

#include "session/cancellation.hpp"

#include <atomic>
#include <map>
#include <mutex>

namespace cocosql {

struct CallCount {
	int64_t count = 0;
	double seconds = 0;
};

class RunState : public duckdb::ClientContextState {
public:
	RunState(int64_t run_id, int64_t holder, std::shared_ptr<Cancellation> cancellation)
	    : run_id(run_id), holder(holder), cancellation(std::move(cancellation)) {
	}

	//! Makes the statements of a connection part of this run.
	static duckdb::shared_ptr<RunState> Start(duckdb::ClientContext &context, int64_t run_id, int64_t holder,
	                                          std::shared_ptr<Cancellation> cancellation);
	//! The run that a connection's statements belong to; null for a plain query.
	static duckdb::shared_ptr<RunState> Of(duckdb::ClientContext &context);

	void Add(const std::string &function, CallCount more);
	std::map<std::string, CallCount> Calls() const;

	const int64_t run_id;
	//! Where functions are to be called again: results of runs before this one do not count, and are replaced. 0: all do.
	std::atomic<int64_t> since {0};
	//! Whether a memoized function is not called inside a query: a result that is missing fails the query instead.
	std::atomic<bool> refuses_calls {false};
	//! Whether that has happened since calls are refused.
	std::atomic<bool> refused {false};
	//! Number in cocosql.catalog.locks of the statement that refreshes.
	const int64_t holder;
	//! What stops the run.
	const std::shared_ptr<Cancellation> cancellation;

private:
	mutable std::mutex mutex;
	std::map<std::string, CallCount> calls;
};

} // namespace cocosql
