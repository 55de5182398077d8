//! Finds memoized results of a function, over a connection of its own.
#pragma once

#include "duckdb/main/connection.hpp"
#include "functions/python_function.hpp"
#include "memo/resident_memo.hpp"
#include "memo/results.hpp"

namespace cocosql {

class MemoReader {
public:
	//! Looks for the function's memo in the default database of `context`.
	MemoReader(duckdb::ClientContext &context, const PythonFunction &function);

	//! The memo table as SQL text; empty if this database keeps no memo of the function yet.
	const std::string &Table() const {
		return table;
	}
	//! Tells of the memo table that was made for results of the function.
	void SetTable(std::string name) {
		table = std::move(name);
	}
	//! Whether results can be added to a memo in this database.
	bool TakesResults() const {
		return takes_results;
	}
	//! Adds the results that are memoized, those of runs before `since` apart.
	void Read(const FingerprintSet &fingerprints, Results &results, int64_t since);
	//! The result of each fingerprint, NULL for null, from memory; false if some are not there, or the memo is not read into
	//! memory: it is after some look-ups, where it is small.
	bool Gather(const std::vector<const duckdb::uhugeint_t *> &wanted, duckdb::Vector &target);

private:
	//! A query for all fingerprints and results.
	std::string SelectSql() const;
	//! Reads the memo into memory if that is worth it.
	void MakeResident();

	duckdb::ClientContext &context;
	const duckdb::LogicalType &type;
	duckdb::Connection connection;
	std::string table;
	//! A result of the table, as SQL.
	const std::string result;
	bool takes_results = false;
	duckdb::shared_ptr<const ResidentMemo> resident;
	//! Look-ups, and the results that they found.
	duckdb::idx_t reads = 0;
	duckdb::idx_t found_rows = 0;
	duckdb::idx_t found_bytes = 0;
	//! After so many look-ups it is time to ask whether to read the memo into memory.
	duckdb::idx_t next_look = 2;
};

} // namespace cocosql
