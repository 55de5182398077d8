//! Finds memoized results of a function, over a connection of its own.
#pragma once

#include "calls/python_function.hpp"
#include "duckdb/main/connection.hpp"

#include <unordered_map>

namespace cocosql {

using Results = std::unordered_map<duckdb::uhugeint_t, duckdb::Value, FingerprintHash>;

class MemoReader {
public:
	//! Looks for the function's memo in the default database of `context`.
	MemoReader(duckdb::ClientContext &context, const PythonFunction &function);

	//! The memo table as SQL text; empty if this database keeps no memo of the function.
	const std::string &Table() const {
		return table;
	}
	//! Whether results can be added to the memo.
	bool TakesResults() const {
		return !table.empty() && !read_only;
	}
	//! The results that are memoized.
	Results Read(const FingerprintSet &fingerprints);

private:
	duckdb::Connection connection;
	std::string table;
	bool read_only = false;
};

} // namespace cocosql
