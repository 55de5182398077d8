//! A connection of a user's that a thread works for, with no statement of the connection's that waits for it.
#pragma once

#include "session/session.hpp"

namespace cocosql {

//! Does not keep the connection, nor its database, open.
class Client {
public:
	explicit Client(duckdb::ClientContext &context) : context(context.shared_from_this()) {
	}
	//! A session on the connection's instance, for work that stops at the event, or when the connection is closed.
	//! Needs the GIL.
	std::unique_ptr<Session> Work(std::shared_ptr<StopEvent> stop) const;

private:
	duckdb::weak_ptr<duckdb::ClientContext> context;
};

//! `coco_client(number)` hands the connection that runs it to cocosql.background, which asked for it by that number.
duckdb::ScalarFunction ClientFunction();

} // namespace cocosql
