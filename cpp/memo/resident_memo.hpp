//! A memo's results in memory, for as long as a query runs that looks up many of them: a scalar function sees 2,048 rows
//! at once, and to search the memo for each 2,048 anew takes longer than all else.
#pragma once

#include "duckdb/common/types/data_chunk.hpp"
#include "duckdb/main/connection.hpp"
#include "duckdb/memory.hpp"

#include <functional>
#include <string>
#include <vector>

namespace cocosql {

class ResidentMemo {
public:
	//! Reads a query's columns, fingerprint and result: some rows, of which the results take some bytes. Throws if there is
	//! not as much memory.
	ResidentMemo(duckdb::Connection &connection, const std::string &sql, const duckdb::LogicalType &type,
	             duckdb::idx_t rows, duckdb::idx_t bytes);

	//! The result of each fingerprint, NULL for null; false if there is not one for each.
	bool Gather(const std::vector<const duckdb::uhugeint_t *> &wanted, duckdb::Vector &target) const;

private:
	//! Where a result is; of no result: chunk 0, which is NULL.
	struct Place {
		duckdb::uhugeint_t fingerprint;
		uint32_t chunk = 0;
		uint32_t row = 0;
	};

	const Place &Find(duckdb::uhugeint_t fingerprint) const;
	void Index(duckdb::idx_t count);

	ReservedMemory reserved;
	std::vector<duckdb::unique_ptr<duckdb::DataChunk>> chunks;
	//! Linear probing in a table of a power of two: fingerprints are hashes already.
	std::vector<Place> places;
};

//! The resident memo of a table in the query of a context, over all its threads: the first that asks for it makes it, and
//! the others wait.
duckdb::shared_ptr<const ResidentMemo> FindResident(
    duckdb::ClientContext &context, const std::string &table,
    const std::function<duckdb::shared_ptr<const ResidentMemo>()> &make);

} // namespace cocosql
