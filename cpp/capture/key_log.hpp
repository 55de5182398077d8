//! The key log, a change capture: while a log is active for a table, each DML statement on that table, of any
//! connection of the database instance, also appends the keys of the rows that it may change to a log table of the same
//! database, within the user's own transaction.
//!
//!   coco_log_start(database, schema, table, log_table, key_columns, watched_columns, value_columns) -> UUID
//!       The log is active for statements that are planned from now on, and prepared statements are planned anew.
//!       log_table is a table of schema coco of the same database, committed, with the one column coco_entries BLOB
//!       (entry_block.hpp), without constraints and indexes. Of value_columns the log has values, too. Of rows that are
//!       updated a key is logged only if the statement sets a watched column, or one of the key. The answer names this
//!       activation. A log that is active, not broken, of the same columns, and watches these columns stays as it is,
//!       and its activation is the answer. Several logs may be active for one table; a log table is of one log. Call it
//!       outside of transactions that write.
//!   coco_log_entries(database, log_table)
//!       The entries that the transaction sees, of a log that is active, or was: the key columns; coco_place, which puts
//!       them into the order in which they were committed; with value columns coco_statement and coco_began, both
//!       BIGINT, coco_old and coco_new, both a STRUCT of these columns; coco_all BOOLEAN.
//!   coco_log_stop(database, log_table) -> BOOLEAN
//!       Statements planned from now on are not logged. False if the log was not active.
//!   coco_log_state(database, log_table, activation) -> VARCHAR
//!       For the snapshot of the transaction that asks: ask in the transaction that reads the table and the log.
//!       'on'        Take a full diff in a transaction that sees 'on'. What a later transaction sees and this one did
//!                   not is in the log, if that transaction sees 'on' too.
//!       'waiting'   Transactions older than the activation were running when the snapshot was taken; statements of
//!                   theirs may be unlogged.
//!       'broken'    There were too many keys; or the table or the log table is another one than at the activation:
//!                   altered (also by a comment, or by a foreign key that refers to it), replaced, renamed or dropped.
//!                   Start anew, then diff.
//!       'stopping'  The log was stopped, but transactions that may append to the log table are running.
//!       'off'       There is no such activation.
//!
//! Drop a log table only when it is 'off'. DuckDB refuses the commit of transactions that have appended to a table that
//! another one dropped or altered meanwhile, and these would be the user's.
//!
//! A log does not grow without bound: beyond a share of the table's rows it breaks, and statements are not logged any more.
//! So a table that nobody refreshes from pays nothing, either.
//!
//! The log holds a superset of the keys whose rows changed, old keys and new ones, some more than once. coco_place grows in
//! the order in which that was done; of one statement keys that come are after keys that go. coco_all is false; or NULL where DELETE took the row away, surely; or true, without a key, where
//! all rows must be looked at: the keys could not be told. Keys are logged up to
//! equality (=): where a join says so, 30 days may stand for a month. With key_columns = [] each statement that changes
//! rows leaves one row with coco_all.
//!
//! A log with values holds no superset: coco_old is the row with the key before the statement (NULL if there was none),
//! coco_new is the row with it after. Of the statements that changed the row with a key coco_statement gives the order.
//! Where a statement has two entries with a coco_new for a key (UPDATE FROM, of two matches) any of them may have stayed.
//!
//! DuckDB lets two transactions commit that ran side by side and changed the same row, where they set different columns,
//! or one deletes it. Neither knows what the other one made of it. So an entry also has coco_began, when its transaction
//! began, as a number that grows with each transaction and each commit: who has read the table in a transaction that
//! began later may not believe the values. Of a key with several entries, an old value that is not the new one of the
//! entry before tells of such transactions.
//!
//! An update that DuckDB does as a deletion and an insertion (of an indexed column, or of a list) is told as both, whatever
//! it sets: what another transaction sets of such a row at the same time is lost.
//!
//! Not seen are writers that bypass the planner: duckdb::InternalAppender, and extensions that write to storage.
//!
//! A log is in the memory of the database instance, and there only as long as the database is attached.
#pragma once

#include "duckdb/common/mutex.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/per_instance.hpp"

#include <atomic>

namespace duckdb {
class AttachedDatabase;
class DuckTableEntry;
class TableCatalogEntry;
} // namespace duckdb

namespace cocosql {

//! The column of a log table, and those of its entries, after the key; those from STATEMENT to NEW only where values are logged.
struct KeyLogColumns {
	static constexpr const char *ENTRIES = "coco_entries";
	static constexpr const char *PLACE = "coco_place";
	static constexpr const char *STATEMENT = "coco_statement";
	static constexpr const char *BEGAN = "coco_began";
	static constexpr const char *OLD = "coco_old";
	static constexpr const char *NEW = "coco_new";
	static constexpr const char *ALL = "coco_all";
};

//! Tells a table from what it is after ALTER (DuckDB keeps the oid), CREATE OR REPLACE or DROP.
struct TableVersion {
	explicit TableVersion(const duckdb::TableCatalogEntry &table);
	bool operator==(const TableVersion &other) const {
		return oid == other.oid && timestamp == other.timestamp;
	}

	duckdb::idx_t oid;
	duckdb::transaction_t timestamp;
};

//! What is asked of a log, by columns of the table.
struct KeyLogRequest {
	duckdb::vector<duckdb::Identifier> key_columns;
	duckdb::vector<duckdb::Identifier> watched_columns;
	duckdb::vector<duckdb::Identifier> value_columns;
};

//! One activation of a log.
struct KeyLog {
	KeyLog(duckdb::AttachedDatabase &database, const duckdb::TableCatalogEntry &source,
	       const duckdb::DuckTableEntry &target, KeyLogRequest request);

	bool IsOf(const duckdb::AttachedDatabase &database) const;
	bool Logs(const duckdb::TableCatalogEntry &table) const;
	//! Whether it is of interest that a column is set.
	bool Watches(const duckdb::Identifier &column) const;
	//! Whether there is room for more entries; if not, the log has a gap from now on.
	bool TakeRoom(duckdb::idx_t count, duckdb::idx_t source_rows);
	//! The log table, as the context's transaction sees it. Null if it is not the one that the log was started with.
	duckdb::optional_ptr<duckdb::DuckTableEntry> Target(duckdb::ClientContext &context) const;
	//! Whether the context's transaction sees the table that the log was started for.
	bool SeesSource(duckdb::ClientContext &context) const;
	//! Whether the snapshot of the context's transaction in the log's database shows all that is not logged.
	bool IsCompleteFor(duckdb::ClientContext &context, duckdb::AttachedDatabase &attached);

	const duckdb::weak_ptr<duckdb::AttachedDatabase> database;
	const duckdb::Identifier schema;
	const duckdb::Identifier table;
	const duckdb::Identifier log_table;
	const duckdb::vector<duckdb::Identifier> key_columns;
	const duckdb::vector<duckdb::Identifier> watched_columns;
	//! Those of which old and new values are logged.
	const duckdb::vector<duckdb::Identifier> value_columns;
	const duckdb::vector<duckdb::LogicalType> key_types;
	const duckdb::vector<duckdb::LogicalType> value_types;
	const TableVersion source;
	const TableVersion target;
	const duckdb::hugeint_t activation;
	std::atomic<bool> stopped {false};
	//! Something was not logged: there were too many keys, or the log table was being altered or dropped.
	std::atomic<bool> has_gaps {false};
	//! About how many entries the log table has, those of open transactions included.
	std::atomic<duckdb::idx_t> entries {0};
	//! How many statements have begun that log something; who takes entries counts, too.
	std::atomic<int64_t> statements {0};
	//! Transactions that start after it know that the log was started, or stopped.
	std::atomic<duckdb::transaction_t> since;
	//! All that is not logged was committed before it.
	std::atomic<duckdb::transaction_t> complete_after;
	//! A transaction's appends to one table are not thread-safe.
	std::mutex appending;
};

using KeyLogList = duckdb::vector<duckdb::shared_ptr<KeyLog>>;

//! The logs of a database instance.
class KeyLogs : public PerInstance<KeyLogs> {
public:
	static constexpr const char *NAME = "cocosql_key_logs";
	static KeyLogs &Get(duckdb::ClientContext &context);

	duckdb::hugeint_t Start(duckdb::ClientContext &context, const std::string &database, const std::string &schema,
	                        const std::string &table, const std::string &log_table, KeyLogRequest request);
	bool Stop(duckdb::ClientContext &context, const std::string &database, const std::string &log_table);
	const char *State(duckdb::ClientContext &context, const std::string &database, const std::string &log_table,
	                  duckdb::hugeint_t activation);
	//! Corrects what is known of the number of entries.
	void SetEntries(duckdb::ClientContext &context, const std::string &database, const std::string &log_table,
	                duckdb::idx_t entries);
	//! Whether no transaction may append to a log table any more: only then may it be dropped.
	bool IsOver(duckdb::ClientContext &context, const std::string &database, const std::string &log_table);
	//! The last log of this table; null if it is not known any more.
	duckdb::shared_ptr<KeyLog> Find(duckdb::ClientContext &context, const std::string &database,
	                                const std::string &log_table);
	//! Those active, and some stopped.
	duckdb::shared_ptr<const KeyLogList> All();

private:
	duckdb::shared_ptr<KeyLog> FindActive(const duckdb::AttachedDatabase &database, const std::string &log_table);
	//! Adds a log, if it is one, and lets go of those of the database that are over.
	void Update(duckdb::AttachedDatabase &database, duckdb::shared_ptr<KeyLog> added);

	//! Held while a log is started or stopped.
	std::mutex changing;
	//! Guards the pointer to the list.
	std::mutex reading;
	duckdb::shared_ptr<const KeyLogList> logs = duckdb::make_shared_ptr<const KeyLogList>();
};

} // namespace cocosql
