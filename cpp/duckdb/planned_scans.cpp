#include "duckdb/planned_scans.hpp"

#include "duckdb/execution/operator/scan/physical_table_scan.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/main/client_data.hpp"
#include "duckdb/main/prepared_statement_data.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

bool ScansOnly(const PhysicalOperator &plan, const identifier_set_t &table_functions) {
	if (plan.type == PhysicalOperatorType::INOUT_FUNCTION) {
		return false;
	}
	if (plan.type == PhysicalOperatorType::TABLE_SCAN &&
	    table_functions.count(plan.Cast<PhysicalTableScan>().function.GetName()) == 0) {
		return false;
	}
	for (auto &child : plan.GetChildren()) {
		if (!ScansOnly(child.get(), table_functions)) {
			return false;
		}
	}
	return true;
}

} // namespace

bool ScansOnly(ClientContext &context, const PreparedStatement &statement, const identifier_set_t &table_functions) {
	auto &all = ClientData::Get(context).prepared_statements;
	auto found = all.find(Identifier(statement.GetName()));
	if (found == all.end() || !found->second->physical_plan) {
		return false;
	}
	return ScansOnly(found->second->physical_plan->Root(), table_functions);
}

} // namespace cocosql
