//! The hook that adds the key log to the plans of statements.
#pragma once

namespace duckdb {
class ExtensionLoader;
}

namespace cocosql {

void RegisterKeyLogPlanning(duckdb::ExtensionLoader &loader);

} // namespace cocosql
