//! Commits results of calls to a memo table as they come, over a connection of its own.
#pragma once

#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/main/connection.hpp"
#include "fingerprint/fingerprint_table.hpp"
#include "functions/result_sink.hpp"
#include "memo/results.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace cocosql {

class MemoWriter : public ResultSink {
public:
	//! `table` is the memo table's name as SQL text. Results of runs before `since` are replaced.
	MemoWriter(duckdb::DatabaseInstance &database, const std::string &table, const duckdb::LogicalType &result,
	           int64_t run_id, int64_t since);
	~MemoWriter() override;

	void Add(duckdb::uhugeint_t fingerprint, nanobind::handle result) override;
	void AddRows(const duckdb::uhugeint_t *fingerprints, duckdb::Vector &results, duckdb::idx_t count) override;
	//! Commits if results have waited long enough, or are due anyway; without the GIL.
	void FlushIfDue(bool due) override;
	//! Adds results from the one at `begin` on. Needs the GIL.
	void AddResults(Results &results, duckdb::idx_t begin);

private:
	//! Locks `mutex`; waits for it without the GIL.
	std::unique_lock<std::mutex> Lock();
	//! Takes the rows [begin, end) of results, with a fingerprint each.
	void AddPart(const duckdb::uhugeint_t *fingerprints, duckdb::Vector &results, duckdb::idx_t begin,
	             duckdb::idx_t end);
	void EndRow(duckdb::uhugeint_t fingerprint);
	void FlushChunk();
	void FlushLocked();
	void AppendWaiting();
	//! Does something with the memo table, in the connection's transaction, or in one of its own.
	void WithTable(const std::function<void(duckdb::ClientContext &context, duckdb::DuckTableEntry &memo)> &act);
	//! Appends what waits in place of earlier results, in one transaction, and counts that for the views that have those.
	void ReplaceWaiting();
	FingerprintSet Waiting() const;
	//! Runs a statement for some fingerprints, coco_wanted().
	duckdb::unique_ptr<duckdb::QueryResult> Submit(const std::string &sql, const FingerprintSet &fingerprints);
	//! Those of the waiting results that the memo has: two refreshes may work out the same at once.
	FingerprintTable FindKnown();
	//! The same, of few. None if they are not found without reading all.
	std::optional<FingerprintTable> LookUpKnown();
	//! Takes away the rows that are known; the others are from now on.
	static void KeepUnknown(duckdb::DataChunk &full, FingerprintTable &known);
	bool IsLate() const;
	//! Commits results that wait while none come: the call that goes on may take long.
	void CommitLateResults();

	//! Writers of one memo table take turns, so that each sees what the others added.
	duckdb::shared_ptr<std::mutex> turn;
	//! Guards what follows, against the thread for late results.
	std::mutex mutex;
	duckdb::Connection connection;
	const std::string table;
	const duckdb::LogicalType result;
	//! The type of the memo's column.
	const duckdb::LogicalType stored;
	//! One result on its way to be packed.
	duckdb::Vector single;
	duckdb::DataChunk chunk;
	std::vector<duckdb::unique_ptr<duckdb::DataChunk>> full_chunks;
	duckdb::idx_t filled = 0;
	duckdb::idx_t waiting = 0;
	const int64_t run_id;
	const int64_t since;
	std::chrono::steady_clock::time_point last_flush;
	std::thread late;
	std::condition_variable ended_changed;
	bool ended = false;
	//! What went wrong in the thread for late results.
	duckdb::ErrorData failure;
};

} // namespace cocosql
