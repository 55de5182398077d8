//! Where ids stand in a large table of the engine's, so that few rows are found without reading the ids of all.
//!
//! Each row group has an index of its own: the hashes of a column's values with their places, in buckets, about 4.5 bytes a
//! row. It is made when ids are looked for the second time, and holds while the column of the row group is the same object:
//! DuckDB makes another one when a checkpoint rewrites it, which it does not where rows were only deleted. Rows that are
//! appended later are looked through, until they are worth to be indexed. The indexes are in DuckDB's object cache: they
//! count for memory_limit, and go when memory is short.
#pragma once

#include "duckdb/stored_table.hpp"

#include <optional>
#include <vector>

namespace cocosql {

//! Row ids, in order. All visible rows that have a value with one of these hashes in a stored column are among them; the
//! others are of rows that are not visible, or have other values. None if that cannot be told: the transaction has put rows
//! into the table, or some are not committed, or may have been updated in place.
std::optional<std::vector<duckdb::row_t>> FindByHash(duckdb::ClientContext &context, duckdb::DuckTableEntry &table,
                                                     duckdb::storage_t column,
                                                     const std::vector<duckdb::hash_t> &hashes);

} // namespace cocosql
