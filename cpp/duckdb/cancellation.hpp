//! Whether a query that runs Python functions is to stop: by con.interrupt(), or because its client has given it up.
#pragma once

#include "duckdb/main/client_context.hpp"

namespace cocosql {

//! Throws an InterruptException if the query that runs on this connection is to stop.
void CheckCancelled(duckdb::ClientContext &context);

} // namespace cocosql
