//! Makes DuckDB's parser understand the statements of CocoSQL.
#pragma once

#include "duckdb/main/extension/extension_loader.hpp"

namespace cocosql {

void RegisterStatements(duckdb::ExtensionLoader &loader);

} // namespace cocosql
