//! coco_wanted(): the fingerprints that a connection of the engine's looks for. As a parameter they would be a constant of
//! the plan, which DuckDB writes as text.
#pragma once

#include "duckdb/function/table_function.hpp"
#include "duckdb/main/client_context.hpp"
#include "fingerprint/fingerprint_set.hpp"

namespace cocosql {

//! From now on coco_wanted() gives these in the statements of a connection.
void SetWanted(duckdb::ClientContext &context, const FingerprintSet &fingerprints);

duckdb::TableFunction WantedFunction();

} // namespace cocosql
