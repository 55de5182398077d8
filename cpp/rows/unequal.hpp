//! The rows of each of two queries that have no equal in the other. Where both give nearly the same rows in nearly the same
//! order, as a table and a snapshot of it do, that takes less time than a join, which would hash all of one side.
#pragma once

#include "session/session.hpp"

#include <string>
#include <utility>
#include <vector>

namespace cocosql {

//! Rows are equal by the hashes of some columns, which both have with the same types. Keeps two collections, whose names
//! begin with the prefix: `past` and `fresh`. Returns how many rows each has. Of `fresh`, rows that have an equal one in the
//! same order are not kept in memory; of `past`, all are until the end, and may be swapped out. Call without the GIL.
std::pair<duckdb::idx_t, duckdb::idx_t> KeepUnequal(Session &session, const std::string &past, const std::string &fresh,
                                                    const std::vector<std::string> &columns,
                                                    const std::string &prefix);

} // namespace cocosql
