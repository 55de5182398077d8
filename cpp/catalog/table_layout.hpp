//! Gives rows the columns of a table: those of the same name, cast where they have another type.
#pragma once

#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/common/types/data_chunk.hpp"

#include <map>
#include <string>
#include <vector>

namespace cocosql {

class TableLayout {
public:
	//! `names` are those of the rows' columns; `values` are of further columns, the same for all rows. What the table has no
	//! column for is left out, and NULL in the columns that nothing is given for.
	TableLayout(const duckdb::DuckTableEntry &entry, const duckdb::vector<duckdb::Identifier> &names,
	            const std::map<std::string, duckdb::Value> &values);

	//! The rows of a chunk. They hold until the next.
	duckdb::DataChunk &LayOut(duckdb::ClientContext &context, duckdb::DataChunk &chunk);

private:
	duckdb::vector<duckdb::LogicalType> types;
	//! Of each column, its place in the rows, or a constant.
	std::vector<duckdb::idx_t> places;
	std::vector<duckdb::Value> constants;
	duckdb::DataChunk laid_out;
};

} // namespace cocosql
