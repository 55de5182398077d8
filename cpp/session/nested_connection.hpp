//! A connection on which the engine works for a statement that is running.
#pragma once

#include "duckdb/main/connection.hpp"

namespace cocosql {

//! FORCE CHECKPOINT lets no transaction begin until the statements that run have ended, and what they have committed can
//! be cleaned up. The engine's own transactions are part of such a statement: if they waited, all would wait for ever.
//! So they begin as transactions that only read do, which DuckDB lets begin at any time.
duckdb::Connection NestedConnection(duckdb::DatabaseInstance &database);

} // namespace cocosql
