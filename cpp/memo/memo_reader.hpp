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

	//! The memo table as SQL text; empty if this database keeps no memo of the function, or takes no writes.
	const std::string &Table() const {
		return table;
	}
	//! The results that are memoized.
	Results Read(const FingerprintSet &fingerprints);

private:
	duckdb::Connection connection;
	std::string table;
};

} // namespace cocosql
