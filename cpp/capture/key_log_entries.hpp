//! What the transaction of a session sees of a key log's table, without a query. The number of entries that a log knows of
//! itself counts those that were rolled back, too; it is corrected here.
#pragma once

#include "session/session.hpp"

#include <tuple>

namespace cocosql {

//! How many entries there are, how many of them are of rows that DELETE did not take away, and whether one of them says
//! that all rows must be looked at.
using EntryCounts = std::tuple<duckdb::idx_t, duckdb::idx_t, bool>;
//! Call without the GIL, as the other.
EntryCounts CountEntries(Session &session, const std::string &database, const std::string &log_table);
//! Whether a key may have several entries, of a log with values. (Two keys may have one hash.)
bool MayRepeatKeys(Session &session, const std::string &database, const std::string &log_table);
//! Whether old and new values are true: no transactions ran side by side.
bool HasTrueValues(Session &session, const std::string &database, const std::string &log_table);
//! Returns how many it deletes.
duckdb::idx_t ClearEntries(Session &session, const std::string &database, const std::string &log_table);

} // namespace cocosql
