//! Finds memoized results of a function, over a connection of its own.
#pragma once

#include "duckdb/main/connection.hpp"
#include "functions/python_function.hpp"
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

private:
	duckdb::Connection connection;
	std::string table;
	//! A result of the table, as SQL.
	const std::string result;
	bool takes_results = false;
};

} // namespace cocosql
