//! Rows are put into one of the engine's own tables as they are: INSERT … SELECT would be planned for it.
#pragma once

#include "session/session.hpp"

#include <map>

namespace cocosql {

//! `rows` is a query, whose columns go to those of the same names; `values` are of further BIGINT columns, the same for all
//! rows. What the table has no column for is left out, and NULL in the columns that nothing is given for. Returns how many
//! rows there are. Call without the GIL, in a transaction.
duckdb::idx_t AppendQuery(Session &session, const std::string &database, const std::string &table,
                          const std::string &rows, const std::map<std::string, int64_t> &values);

} // namespace cocosql
