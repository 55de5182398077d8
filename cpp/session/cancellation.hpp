//! Cancellation tokens: how the work of a session learns that it is to stop.
#pragma once

#include "duckdb/main/client_context.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace cocosql {

//! Used on any thread, without the GIL.
class Cancellation {
public:
	virtual ~Cancellation() = default;
	//! Throws what ends the work, if it is to stop.
	virtual void Check() = 0;
	//! Says that this connection does the work. It may be interrupted, but need not be: work is to check, too.
	virtual void Join(duckdb::ClientContext &) {
	}
	//! The connection does it no more: it is not interrupted from now on.
	virtual void Leave(duckdb::ClientContext &) {
	}
	//! Whether the thread that works is one that no Ctrl-C reaches: functions are then called on another, which it can
	//! give up.
	virtual bool IsBackground() const {
		return false;
	}
};

//! The work is part of the statement that runs on a connection, and stops when that is interrupted.
std::shared_ptr<Cancellation> CancelledByInterrupt(duckdb::ClientContext &context);

//! Connections that are interrupted together.
class Workers {
public:
	void Add(duckdb::ClientContext &worker);
	void Remove(duckdb::ClientContext &worker);
	void Interrupt();

private:
	std::mutex mutex;
	std::vector<duckdb::weak_ptr<duckdb::ClientContext>> workers;
};

//! Stops the work that threads do in the background.
class StopEvent {
public:
	void Set();
	bool IsSet() const {
		return is_set;
	}
	Workers workers;

private:
	std::atomic<bool> is_set {false};
};

//! The work is done in the background for a connection, and stops at the event, or when the connection is closed.
std::shared_ptr<Cancellation> CancelledByEvent(duckdb::weak_ptr<duckdb::ClientContext> client,
                                               std::shared_ptr<StopEvent> event);

} // namespace cocosql
