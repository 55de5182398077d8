//! Connections of the engine's that serve one statement of a caller after the other.
#pragma once

#include "duckdb/main/client_context_state.hpp"
#include "duckdb/main/connection.hpp"
#include "session/kept_plans.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace cocosql {

class IdleConnections;

struct KeptConnection {
	explicit KeptConnection(duckdb::DatabaseInstance &instance);

	duckdb::Connection connection;
	std::string prepared_as;
	KeptPlans plans;
	//! Where it waits between two statements; null if it serves but one.
	duckdb::shared_ptr<IdleConnections> home;
};

//! Those that wait for the next statement of a caller. They are closed with the caller's connection.
class IdleConnections : public duckdb::ClientContextState, public duckdb::enable_shared_from_this<IdleConnections> {
public:
	static duckdb::shared_ptr<IdleConnections> Of(duckdb::ClientContext &caller);

	//! One of them, or a new one.
	std::unique_ptr<KeptConnection> Take(duckdb::DatabaseInstance &instance);
	//! Takes a connection home, if nothing goes on in it. What its session had collected is done away with.
	static void GiveBack(std::unique_ptr<KeptConnection> kept);

private:
	void Put(std::unique_ptr<KeptConnection> kept);

	std::mutex mutex;
	std::vector<std::unique_ptr<KeptConnection>> idle;
};

} // namespace cocosql
