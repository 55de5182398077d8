//! Rows of one of the engine's own tables are deleted by their row ids, at the cost of their number: DELETE … WHERE rowid
//! IN (…) scans the table.
#pragma once

#include "session/session.hpp"

namespace cocosql {

//! `row_ids` is a query with one column; the rows are of a table of schema coco without indexes. Returns how many were
//! there. Call without the GIL, in a transaction.
duckdb::idx_t DeleteRows(Session &session, const std::string &database, const std::string &table,
                         const std::string &row_ids);

} // namespace cocosql
