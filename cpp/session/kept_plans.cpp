#include "session/kept_plans.hpp"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/planned_scans.hpp"

#include <algorithm>

namespace cocosql {

using namespace duckdb;

namespace {

constexpr const char *KEY = "cocosql_plan_conditions";
//! A plan takes some 50 KB.
constexpr idx_t MOST_PLANS = 256;

struct Conditions : ClientContextState {
	std::vector<PlanHolds> list;
	identifier_set_t table_functions;
	bool is_for_once = false;
};

} // namespace

void UsePlanWhile(ClientContext &context, PlanHolds holds) {
	if (auto conditions = context.registered_state->Get<Conditions>(KEY)) {
		conditions->list.push_back(std::move(holds));
	}
}

void UsePlanWhile(ClientContext &context, const Identifier &table_function, PlanHolds holds) {
	UsePlanWhile(context, std::move(holds));
	if (auto conditions = context.registered_state->Get<Conditions>(KEY)) {
		conditions->table_functions.insert(table_function);
	}
}

void UsePlanOnce(ClientContext &context) {
	if (auto conditions = context.registered_state->Get<Conditions>(KEY)) {
		conditions->is_for_once = true;
	}
}

KeptPlans::Catalogs KeptPlans::Versions(ClientContext &context) {
	Catalogs versions;
	for (auto &database : DatabaseManager::Get(context).GetDatabases(context)) {
		auto &catalog = database->GetCatalog();
		if (catalog.IsDuckCatalog()) {
			auto version = catalog.GetCatalogVersion(context);
			versions.emplace_back(catalog.GetOid(), version.IsValid() ? version.GetIndex() : 0);
		}
	}
	std::sort(versions.begin(), versions.end());
	return versions;
}

void KeptPlans::Prepare(Connection &connection, const std::string &sql, Plan &plan) {
	auto &context = *connection.context;
	auto conditions = context.registered_state->GetOrCreate<Conditions>(KEY);
	auto statement = connection.Prepare(sql);
	context.registered_state->Remove(KEY);
	if (statement->HasError()) {
		statement->GetErrorObject().Throw();
	}
	plan.is_for_once = conditions->is_for_once || !ScansOnly(context, *statement, conditions->table_functions);
	if (!plan.is_for_once) {
		plan.statement = std::move(statement);
		plan.conditions = std::move(conditions->list);
	}
}

optional_ptr<PreparedStatement> KeptPlans::Find(Connection &connection, const std::string &sql) {
	auto &context = *connection.context;
	Catalogs now;
	context.RunFunctionInTransaction([&] { now = Versions(context); });
	if (now != catalogs) {
		plans.clear();
		catalogs = std::move(now);
	}
	auto found = plans.find(sql);
	if (found == plans.end()) {
		if (plans.size() >= MOST_PLANS) {
			plans.clear();
		}
		plans.emplace(sql, Plan());
		return nullptr;
	}
	auto &plan = found->second;
	if (plan.is_for_once) {
		return nullptr;
	}
	if (!plan.statement) {
		Prepare(connection, sql, plan);
	}
	auto holds = std::all_of(plan.conditions.begin(), plan.conditions.end(),
	                         [&](const PlanHolds &condition) { return condition(context); });
	return plan.statement && holds ? plan.statement.get() : nullptr;
}

} // namespace cocosql
