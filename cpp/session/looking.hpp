//! Connections that only look at what a file says: they read no other file, and call no function of Python's.
#pragma once

#include "duckdb/main/client_context.hpp"

namespace cocosql {

//! From now on the connection only looks: what asks for more is an error. Binding a query can ask for it, too: table
//! functions read files to find out columns, and work out their arguments. (The attached databases are not read by way of
//! a connection's file system.)
void OnlyLook(duckdb::ClientContext &context);
bool OnlyLooks(duckdb::ClientContext &context);

} // namespace cocosql
