//! The system tables: table functions that become SQL over the engine's own tables.
#pragma once

#include "duckdb/main/extension/extension_loader.hpp"

namespace cocosql {

void RegisterSystemTables(duckdb::ExtensionLoader &loader);

} // namespace cocosql
