//! A connection of the engine's own, on which it works for a statement that waits, or in a thread of its own.
#pragma once

#include "duckdb/main/client_context.hpp"
#include "duckdb/main/connection.hpp"
#include "duckdb/main/query_result.hpp"
#include "session/cancellation.hpp"
#include "session/kept_connection.hpp"
#include "session/names.hpp"
#include "session/run_state.hpp"

#include <functional>
#include <nanobind/nanobind.h>
#include <optional>

namespace cocosql {

namespace nb = nanobind;

class Session {
	std::unique_ptr<KeptConnection> kept;
	//! Where sessions for views get theirs.
	duckdb::shared_ptr<IdleConnections> idle;

public:
	Session(duckdb::DatabaseInstance &instance, std::shared_ptr<Cancellation> cancellation,
	        duckdb::shared_ptr<IdleConnections> idle);
	//! For the statement that runs on a connection.
	explicit Session(duckdb::ClientContext &caller);
	~Session();
	Session(const Session &) = delete;
	Session &operator=(const Session &) = delete;

	//! Runs one statement and returns its rows as a list of tuples. Needs the GIL, and releases it meanwhile.
	nb::list Execute(const std::string &sql, const nb::list &parameters);
	//! Runs several statements, one after the other. Needs the GIL, and releases it meanwhile.
	void Script(const std::string &sql);
	//! BEGIN TRANSACTION and COMMIT, neither parsed nor planned.
	void Begin();
	void Commit();
	//! The default database, and where names are looked for that are none of DuckDB's.
	void UseNames(const std::string &database, const SearchPath &path);
	//! Names and SQL types of a query's columns; runs nothing. One that a user wrote has a path for its names.
	nb::list Describe(const std::string &sql, const std::optional<SearchPath> &path);
	//! Whether a column of a query has text that is compared by a collation.
	bool IsCollated(const std::string &sql);
	//! The canonical text of a query as DuckDB parses it.
	std::string Canonical(const std::string &sql);
	//! Sets settings for this session only: a plain SET sets most of them for the whole database instance. Those that
	//! this version of DuckDB lacks, or that only an extension brings which is not loaded, are left alone.
	void Configure(const std::vector<std::pair<std::string, std::string>> &settings);
	//! What it was prepared as last (cocosql/refresh/prepared.py); empty once settings or names are others.
	std::string &PreparedAs() const {
		return kept->prepared_as;
	}
	//! A number that stands for the database instance, and for no other before or after it.
	uint64_t Instance() const;
	//! From now on the function calls of this session's statements belong to this run, and to the statement of this
	//! number in cocosql.catalog.locks.
	void BeginRun(int64_t run_id, int64_t holder);
	//! From now on results of runs before `since` do not count for calls inside queries of the run.
	void Recall(int64_t since);
	//! Whether queries of the run fail from now on where a result is missing in the memo, rather than call the function.
	void RefuseCalls(bool refuse);
	//! Whether a query failed for that since calls were last refused.
	bool RefusedCall() const;
	//! Argument tuples evaluated, and seconds spent in Python, by function, since the run began.
	nb::dict MadeCalls() const;
	//! Another session that does the same work.
	std::unique_ptr<Session> Sibling() const;
	//! One that works on views: it may have the settings, the names, and the plans of statements, of one before it.
	std::unique_ptr<Session> ForViews() const;

	//! Runs one statement to its end. Call without the GIL. Stops within moments if the work is to stop.
	duckdb::unique_ptr<duckdb::QueryResult> Run(const std::string &sql, duckdb::vector<duckdb::Value> parameters = {});
	//! The same for a query whose rows may be many: they count for the memory limit, and can be swapped out.
	duckdb::unique_ptr<duckdb::QueryResult> RunLarge(const std::string &sql);
	//! Begins a query, and hands over its chunks while it runs; `begin` is told its names and types. Call without the GIL.
	void Stream(const std::string &sql,
	            const std::function<void(const duckdb::vector<duckdb::Identifier> &names,
	                                     const duckdb::vector<duckdb::LogicalType> &types)> &begin,
	            const std::function<void(duckdb::DataChunk &)> &visit);
	//! Throws if the work is to stop, or Ctrl-C was pressed. Call without the GIL.
	void CheckInterrupt();

	duckdb::Connection &connection;
	const std::shared_ptr<Cancellation> cancellation;
	duckdb::shared_ptr<RunState> run;

private:
	Session(std::unique_ptr<KeptConnection> kept, std::shared_ptr<Cancellation> cancellation,
	        duckdb::shared_ptr<IdleConnections> idle);
	//! Submits a query, by a plan from before if there is one.
	duckdb::unique_ptr<duckdb::QueryResult> Submit(const std::string &sql,
	                                               duckdb::shared_ptr<duckdb::ResultFormat> format);
	//! Runs what has been submitted.
	duckdb::unique_ptr<duckdb::QueryResult> Drive(duckdb::unique_ptr<duckdb::QueryResult> result);
};

} // namespace cocosql
