//! The SQL functions of the key log: key_log.hpp says what they do.
#pragma once

namespace duckdb {
class ExtensionLoader;
}

namespace cocosql {

void RegisterKeyLogFunctions(duckdb::ExtensionLoader &loader);

} // namespace cocosql
