//! What the one column of a log table holds: entries of a statement, packed. To append a BLOB for up to 2,048 rows costs the
//! statement less than to append as many rows of a dozen columns, and so do its WAL and its checkpoint.
//!
//! A block shows the key, the old values, if its rows were there before the statement, and the new ones, if they are there
//! after it. It is a header, the number of the vector that each of these columns is, and the vectors, each once, as DuckDB
//! serializes them, in the order in which they are shown first: what a statement leaves as it is has one for old and new.
//! It is read by the process that wrote it.
#pragma once

#include "duckdb/common/serializer/memory_stream.hpp"
#include "duckdb/common/types/data_chunk.hpp"
#include "duckdb/common/types/string_type.hpp"

namespace cocosql {

struct EntryBlock {
	enum Flag : uint32_t {
		//! All rows must be looked at: one entry, without columns.
		ALL = 1,
		//! DELETE took the rows away, surely.
		GONE = 2,
		HAS_OLD = 4,
		HAS_NEW = 8,
	};

	bool Is(Flag flag) const {
		return (flags & flag) != 0;
	}

	//! In the order in which statements began.
	int64_t statement;
	//! When its transaction began.
	int64_t began;
	uint32_t count;
	uint32_t flags;
};

//! The vectors that columns are.
using ShownVectors = std::vector<uint16_t>;

void WriteBlock(duckdb::MemoryStream &stream, const EntryBlock &block, const ShownVectors &shown,
                duckdb::DataChunk &vectors);
EntryBlock ReadHeader(const duckdb::string_t &stored);
//! The first columns, of these types.
void ReadColumns(const duckdb::string_t &stored, const duckdb::vector<duckdb::LogicalType> &types,
                 duckdb::DataChunk &columns);

} // namespace cocosql
