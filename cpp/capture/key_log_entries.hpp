//! What a transaction sees of a key log's table, without a query, or in one. The number of entries that a log knows of
//! itself counts those that were rolled back, too; it is corrected here.
#pragma once

#include "duckdb/function/table_function.hpp"
#include "session/session.hpp"

#include <optional>
#include <tuple>

namespace cocosql {

//! How many entries there are, how many of them are of rows that DELETE did not take away, and whether one of them says
//! that all rows must be looked at.
using EntryCounts = std::tuple<duckdb::idx_t, duckdb::idx_t, bool>;
//! Call without the GIL, as the other.
EntryCounts CountEntries(Session &session, const std::string &database, const std::string &log_table);
//! How many statements and refreshes have begun to write to the log: while that is the same, nobody adds or takes entries
//! but those who had begun.
int64_t CountWriters(Session &session, const std::string &database, const std::string &log_table);
//! Whether a key may have several entries, of a log with values. (Two keys may have one hash.)
bool MayRepeatKeys(Session &session, const std::string &database, const std::string &log_table);
//! When the first of the transactions began that made entries of a log with values; none if there are no entries.
std::optional<int64_t> EarliestTransaction(Session &session, const std::string &database,
                                           const std::string &log_table);
//! When the transaction of the session began: a number of the same kind.
int64_t TransactionBegan(Session &session, const std::string &database);
//! Returns how many it deletes.
duckdb::idx_t ClearEntries(Session &session, const std::string &database, const std::string &log_table);

//! coco_log_entries(database, log_table)
duckdb::TableFunction EntriesFunction();

} // namespace cocosql
