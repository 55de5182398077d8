//! Argument tuples that a query found, and the calls for those whose results are not known yet. The calls happen after
//! the transaction of the query has ended.
#pragma once

#include "calls/calls.hpp"
#include "duckdb/common/types/column/column_data_collection.hpp"

#include <nanobind/nanobind.h>
#include <string>

namespace cocosql {

class Session;

struct Harvest {
	//! Gone once the calls are made: what has been called is not held any longer.
	duckdb::unique_ptr<duckdb::ColumnDataCollection> rows;
	//! Of the tuples that are not memoized: fingerprint, and the id of a source row if that is known.
	duckdb::unique_ptr<duckdb::ColumnDataCollection> origins;
	int64_t hits = 0;
	int64_t misses = 0;
};

//! Runs a query with the columns (hit BOOLEAN, fingerprint UHUGEINT, the id of a source row, argument, …).
std::unique_ptr<Harvest> RunHarvest(Session &session, const std::string &sql);

//! By fingerprint, both as text: the id of a source row that needs the call, where that is known. Needs the GIL.
nanobind::dict SourceIds(const Harvest &harvest, const std::vector<std::string> &fingerprints);

//! The calls for the misses; results go to the memo, whose table `memo` names as SQL, as they come. They replace those of
//! runs before `since`.
std::unique_ptr<Calls> HarvestedCalls(Session &session, const std::string &function, Harvest &harvest,
                                      const std::string &memo, int64_t since);

void BindHarvest(nanobind::module_ &module);

} // namespace cocosql
