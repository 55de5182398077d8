//! Plans of a session's statements, for when these run again. To plan is most of what a statement on few rows costs.
//!
//! A plan is kept if it reads nothing but rows that the session has collected, and entries of key logs. (DuckDB plans
//! prepared statements anew that read tables, for it may have made use of what it knew of the rows.)
#pragma once

#include "duckdb/main/connection.hpp"
#include "duckdb/main/prepared_statement.hpp"

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace cocosql {

//! A plan is used for so many rows of a table function: what is best for them may not be best for more, and a plan that is
//! kept holds on to what it last worked with.
constexpr duckdb::idx_t MOST_PLANNED_ROWS = 10000;

//! Whether a plan is as good as one made now.
using PlanHolds = std::function<bool(duckdb::ClientContext &context)>;

//! While a statement of the connection is being planned: its plan is used again only while this holds.
void UsePlanWhile(duckdb::ClientContext &context, PlanHolds holds);
//! The same of a plan that reads this table function, which is no reason to make another one.
void UsePlanWhile(duckdb::ClientContext &context, const duckdb::Identifier &table_function, PlanHolds holds);
//! The same: its plan is not used again. Functions call it that keep something of one query in what they have bound.
void UsePlanOnce(duckdb::ClientContext &context);

class KeptPlans {
public:
	//! The statement with a plan from before; null if it is to be planned. Call in the transaction in which it will run.
	duckdb::optional_ptr<duckdb::PreparedStatement> Find(duckdb::Connection &connection, const std::string &sql);

	//! For when settings or names are others.
	void Clear() {
		plans.clear();
	}

private:
	//! Catalogs, by number, with their versions.
	using Catalogs = std::vector<std::pair<duckdb::idx_t, duckdb::idx_t>>;

	struct Plan {
		duckdb::unique_ptr<duckdb::PreparedStatement> statement;
		std::vector<PlanHolds> conditions;
		//! Of a statement that reads tables, for example: it is not tried again.
		bool is_for_once = false;
	};

	static Catalogs Versions(duckdb::ClientContext &context);
	static void Prepare(duckdb::Connection &connection, const std::string &sql, Plan &plan);

	//! By text, those of statements that ran.
	std::unordered_map<std::string, Plan> plans;
	//! For which the plans are: functions and types may have got another meaning since.
	Catalogs catalogs;
};

} // namespace cocosql
