//! What the engine has to know of the connection that a statement came from, and cannot ask it while it is busy.
#pragma once

#include "duckdb/main/client_context.hpp"

#include <nanobind/nanobind.h>

namespace cocosql {

//! Its default database, search path, settings that change results, and names of temporary tables and macros. Needs the GIL.
nanobind::dict Caller(duckdb::ClientContext &context);

} // namespace cocosql
