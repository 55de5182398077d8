//! The rows of one of the engine's own tables that have one of some ids in a column, without a query: most of what a small
//! one costs is planning it.
#pragma once

#include "session/session.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace cocosql {

//! Columns, each with a query for ids: coco_source_id, of the column's type.
using Among = std::vector<std::pair<std::string, std::string>>;

//! Keeps the rows that have an id in one of the columns: these columns of theirs, and coco_rowid. Only the columns of ids
//! are read of all rows, the others of those that were found, one by one, if `is_large`.
//!
//! Returns how many there are; none, and nothing is kept, where a query finds them as soon: if they are more than `most`,
//! or the ids are of other types than numbers. Call without the GIL, in a transaction in which checkpoints are held back.
std::optional<duckdb::idx_t> FindRows(Session &session, const std::string &name, const std::string &database,
                                      const std::string &table, const std::vector<std::string> &columns,
                                      const Among &among, duckdb::idx_t most, bool is_large);

} // namespace cocosql
