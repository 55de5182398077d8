//! Rows that a session keeps while it works, by name: FROM coco_collected('name') reads them. To make and read a temporary
//! table, which the catalog knows and which compresses its columns, costs more than most of what a small refresh does.
#pragma once

#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/function/table_function.hpp"
#include "session/session.hpp"

namespace cocosql {

//! Some columns of rows, under names of their own.
struct Collected {
	//! All columns.
	Collected(duckdb::vector<duckdb::Identifier> names, duckdb::shared_ptr<const duckdb::ColumnDataCollection> rows);

	duckdb::idx_t Count() const {
		return rows->Count();
	}
	duckdb::vector<duckdb::LogicalType> Types() const;
	duckdb::ColumnDataChunkIterationHelper Chunks() const {
		return rows->Chunks(columns);
	}

	duckdb::vector<duckdb::Identifier> names;
	duckdb::shared_ptr<const duckdb::ColumnDataCollection> rows;
	//! Of `rows`, by name.
	duckdb::vector<duckdb::column_t> columns;
};

//! The place of a column among names; throws if there is none.
duckdb::column_t Place(const duckdb::vector<duckdb::Identifier> &names, const std::string &name);

//! Runs a query to its end. One that only takes columns of rows that are kept is not planned. Call without the GIL.
Collected CollectRows(Session &session, const std::string &sql);
//! The same, chunk by chunk: `begin` is told its names and types.
void VisitRows(Session &session, const std::string &sql,
               const std::function<void(const duckdb::vector<duckdb::Identifier> &names,
                                        const duckdb::vector<duckdb::LogicalType> &types)> &begin,
               const std::function<void(duckdb::DataChunk &)> &visit);
//! From now on the name stands for these rows, in the statements of the session.
void Keep(Session &session, const std::string &name, Collected collected);
//! Keeps the rows of a query under a name; returns how many there are. Call without the GIL.
duckdb::idx_t Collect(Session &session, const std::string &name, const std::string &sql);

//! Forgets all names, and what was laid aside.
void ForgetCollected(Session &session);

//! Lays the rows aside that a name stands for, so that they stay when only names are forgotten, for who gives a key.
void LayAside(Session &session, const std::string &name, const std::string &key);
//! From now on the name stands for the rows that were laid aside.
void TakeUp(Session &session, const std::string &name, const std::string &key);
//! Forgets all names. What was laid aside stays.
void ForgetNames(Session &session);

duckdb::TableFunction CollectedFunction();

} // namespace cocosql
