//! Some rows of others, chunk by chunk.
#pragma once

#include "duckdb/common/types/column/column_data_scan_states.hpp"
#include "rows/collected.hpp"

namespace cocosql {

//! Collects some rows of a query, with columns of its own behind.
class Subset {
public:
	Subset(duckdb::ClientContext &context, duckdb::vector<duckdb::Identifier> names,
	       duckdb::vector<duckdb::LogicalType> types,
	       const std::vector<std::pair<std::string, duckdb::LogicalType>> &added = {});

	//! Selects a row of the chunk that is appended next; returns its place in the added columns.
	duckdb::idx_t Select(duckdb::idx_t row) {
		selection.set_index(count, row);
		return count++;
	}

	duckdb::Vector &Added(duckdb::idx_t column) {
		return values[column];
	}

	void Append(duckdb::DataChunk &chunk);
	Collected Take();

private:
	duckdb::vector<duckdb::Identifier> names;
	duckdb::unique_ptr<duckdb::ColumnDataCollection> rows;
	duckdb::ColumnDataAppendState state;
	duckdb::DataChunk out;
	std::vector<duckdb::Vector> values;
	duckdb::SelectionVector selection {STANDARD_VECTOR_SIZE};
	duckdb::idx_t count = 0;
};

} // namespace cocosql
