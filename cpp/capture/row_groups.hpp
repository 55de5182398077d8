//! The row groups of a table at a moment, each with signals that tell whether it holds the same rows at another.
//!
//! Reading a table costs what it holds, reading its row groups does not. Within a process a row group is known again as
//! the object that it is, if no row was added, deleted or updated in place since. Across processes it is known by where
//! its columns are stored, which holds for one checkpoint: a second may write other data to the same blocks.
#pragma once

#include "duckdb/checkpoints.hpp"
#include "duckdb/common/optional_idx.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/stored_row_groups.hpp"

#include <memory>
#include <nanobind/nanobind.h>
#include <string>
#include <vector>

namespace cocosql {

struct RowGroupSignals : StoredRowGroup {
	//! Whether its rows are known: it was settled, and the same, before and after a snapshot began.
	bool is_known = false;
	//! Where the columns of interest are stored, and how many rows; empty if there are changes that are not there yet.
	std::string token;

	bool HasSameRows(const RowGroupSignals &other) const;
};

class RowGroups {
public:
	//! Null if there is no such table, or it is none of DuckDB's own storage. Reads the table as of the context's
	//! transaction, if it has one. Call without the GIL.
	static std::unique_ptr<RowGroups> Look(duckdb::ClientContext &context, const std::string &database,
	                                       const std::string &schema, const std::string &table,
	                                       const std::vector<std::string> &columns);
	//! What is remembered of row groups at an earlier moment: their tokens, empty ones for those not known.
	static std::unique_ptr<RowGroups> Remembered(duckdb::idx_t checkpoint, const std::vector<std::string> &tokens);

	//! Marks the row groups as known that are settled, and were the same before the snapshot of the present transaction
	//! began. What changed in between can be neither seen nor missed then.
	void Confirm(const RowGroups &before);
	//! Takes these row groups as not known.
	void Forget(const std::vector<duckdb::idx_t> &indexes);
	//! For each row group the index of an earlier one that is known to hold the same rows.
	std::vector<duckdb::optional_idx> FindSame(const RowGroups &earlier) const;

	std::vector<RowGroupSignals> groups;
	//! How many checkpoints the file has been through; invalid if it has none, or one is going on.
	duckdb::optional_idx checkpoint;
};

class Session;

//! Holds back checkpoints of databases, which may move rows to other row ids.
//!
//! FORCE CHECKPOINT lets no transaction of its database begin until nobody holds it back any more. So the session's
//! transaction begins in all databases first, and who holds checkpoints back never waits for a transaction to begin.
class CheckpointHold {
public:
	CheckpointHold(Session &session, const std::vector<std::string> &databases);
	CheckpointHold(const CheckpointHold &) = delete;
	CheckpointHold &operator=(const CheckpointHold &) = delete;
	void Release();

private:
	std::vector<HeldCheckpoints> held;
};

void BindRowGroups(nanobind::module_ &module);

} // namespace cocosql
