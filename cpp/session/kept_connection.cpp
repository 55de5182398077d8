#include "session/kept_connection.hpp"

#include "duckdb/main/client_context.hpp"
#include "session/names.hpp"
#include "session/session_states.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

constexpr const char *KEY = "cocosql_idle_connections";
//! A statement has more than one session at work only now and then.
constexpr size_t MOST_IDLE = 2;

//! Whether nothing of a statement goes on, or was broken off.
bool IsAtRest(const ClientContext &context) {
	return context.transaction.IsAutoCommit() && !context.transaction.HasActiveTransaction() && !context.IsInterrupted();
}

} // namespace

KeptConnection::KeptConnection(DatabaseInstance &instance) : connection(EngineConnection(instance)) {
}

shared_ptr<IdleConnections> IdleConnections::Of(ClientContext &caller) {
	return caller.registered_state->GetOrCreate<IdleConnections>(KEY);
}

std::unique_ptr<KeptConnection> IdleConnections::Take(DatabaseInstance &instance) {
	std::unique_ptr<KeptConnection> taken;
	{
		std::lock_guard<std::mutex> guard(mutex);
		if (!idle.empty()) {
			taken = std::move(idle.back());
			idle.pop_back();
		}
	}
	if (!taken) {
		taken = std::make_unique<KeptConnection>(instance);
	}
	taken->home = shared_from_this();
	return taken;
}

void IdleConnections::GiveBack(std::unique_ptr<KeptConnection> kept) {
	auto &context = *kept->connection.context;
	auto home = std::move(kept->home); // else it and its home would hold each other
	if (!home || !IsAtRest(context)) {
		return;
	}
	for (auto state : SESSION_STATES) {
		context.registered_state->Remove(state);
	}
	home->Put(std::move(kept));
}

void IdleConnections::Put(std::unique_ptr<KeptConnection> kept) {
	std::lock_guard<std::mutex> guard(mutex);
	if (idle.size() < MOST_IDLE) {
		idle.push_back(std::move(kept));
	}
}

} // namespace cocosql
