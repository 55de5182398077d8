//! The rows of each of two queries that have no equal in the other. Where both give nearly the same rows in nearly the same
//! order, as a table and a snapshot of it do, that takes a fifth of the time of a join.
#pragma once

#include "session/session.hpp"

#include <string>
#include <utility>
#include <vector>

namespace cocosql {

//! Rows are equal by the hashes of some columns, which both have with the same types. Keeps two collections, whose names
//! begin with the prefix: `fresh` and `past`. Returns how many rows of the past and fresh ones there are. Of `fresh`, rows that have an equal one in
//! the same order are not kept in memory; of `past`, all are until the end, and may be swapped out. Call without the GIL.
std::pair<duckdb::idx_t, duckdb::idx_t> KeepUnequal(Session &session, const std::string &past, const std::string &fresh,
                                                    const std::vector<std::string> &columns,
                                                    const std::string &prefix);

} // namespace cocosql
