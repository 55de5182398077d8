//! Rows that a session keeps while it works, by name: FROM coco_collected('name') reads them. To make and read a temporary
//! table, which the catalog knows and which compresses its columns, costs more than most of what a small refresh does.
#pragma once

#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/function/table_function.hpp"
#include "session/session.hpp"

namespace cocosql {

struct Collected {
	duckdb::vector<duckdb::Identifier> names;
	duckdb::unique_ptr<duckdb::ColumnDataCollection> rows;
};

//! Runs a query to its end. Call without the GIL.
Collected CollectRows(Session &session, const std::string &sql);
//! From now on the name stands for these rows, in the statements of the session.
void Keep(Session &session, const std::string &name, Collected collected);
//! Keeps the rows of a query under a name; returns how many there are. Call without the GIL.
duckdb::idx_t Collect(Session &session, const std::string &name, const std::string &sql);

//! Forgets all names.
void ForgetCollected(Session &session);

duckdb::TableFunction CollectedFunction();

} // namespace cocosql
