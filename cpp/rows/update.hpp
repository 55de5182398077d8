//! Rows of one of the engine's own tables get other values by their row ids: UPDATE … FROM would be planned for it, and
//! scan the table.
#pragma once

#include "session/session.hpp"

namespace cocosql {

//! `rows` is a query with the row id as its first column; its other columns go to those of the same names, which are of types
//! that DuckDB updates in place. The table is of schema coco and has no indexes. Returns how many rows there are. Call
//! without the GIL, in a transaction.
duckdb::idx_t UpdateQuery(Session &session, const std::string &database, const std::string &table,
                          const std::string &rows);

} // namespace cocosql
