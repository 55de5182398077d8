#include "duckdb/sql_export.hpp"

#include "duckdb/planner/bound_expression_sql_exporter.hpp"
#include "duckdb/planner/expression/bound_aggregate_expression.hpp"
#include "duckdb/planner/expression/bound_unnest_expression.hpp"
#include "duckdb/planner/expression/bound_window_expression.hpp"
#include "duckdb/planner/logical_plan_sql_exporter.hpp"
#include "duckdb/planner/sql_export/logical_plan_sql_exporter_internal.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

std::string Reason(const LogicalPlanVerificationIssue &issue) {
	if (issue.construct && issue.construct->function) {
		return "the function " + issue.construct->function->name + " cannot be written back as SQL";
	}
	return "an expression cannot be written back as SQL: " + issue.message;
}

template <class RESULT>
ExportedExpression Taken(RESULT result) {
	if (result.HasError()) {
		return {nullptr, Reason(result.GetIssues().front())};
	}
	return {std::move(result.GetValue()), {}};
}

} // namespace

ExportedExpression ExportExpression(ClientContext &context, const Expression &expression, const FindSQLColumn &find) {
	BoundExpressionSQLExportContext exporter;
	exporter.client_context = &context;
	exporter.resolve_binding = [&](const ColumnBinding &binding) -> optional<ResolvedSQLColumnReference> {
		auto column = find(binding);
		return column ? ResolvedSQLColumnReference {{column->name}, column->type}
		              : optional<ResolvedSQLColumnReference>();
	};
	LogicalPlanVerificationPath path;
	path.root = LogicalPlanVerificationPathRoot::STANDALONE_EXPRESSION;
	switch (expression.GetExpressionClass()) {
	case ExpressionClass::BOUND_AGGREGATE: {
		auto &aggregate = expression.Cast<BoundAggregateExpression>();
		auto call = BoundExpressionSQLExporter::ExportAggregateCallAtPath(aggregate, exporter, path);
		if (!call.HasError()) {
			return {std::move(call.GetValue()), {}};
		}
		return Taken(BoundExpressionSQLExporter::ExportAtPath(expression, exporter, path));
	}
	case ExpressionClass::BOUND_WINDOW:
		return Taken(
		    BoundExpressionSQLExporter::ExportWindowAtPath(expression.Cast<BoundWindowExpression>(), exporter, path));
	case ExpressionClass::BOUND_UNNEST:
		return Taken(
		    BoundExpressionSQLExporter::ExportUnnestAtPath(expression.Cast<BoundUnnestExpression>(), exporter, path));
	default:
		return Taken(BoundExpressionSQLExporter::ExportAtPath(expression, exporter, path));
	}
}

unique_ptr<SelectNode> ExportCall(ClientContext &context, const LogicalGet &get) {
	auto source = LogicalPlanSQLExportHelpers::ReconstructSQLSource(context, get, nullptr, "call", false);
	if (!source.query || source.query->type != QueryNodeType::SELECT_NODE) {
		return nullptr;
	}
	return unique_ptr_cast<QueryNode, SelectNode>(std::move(source.query));
}

std::string ExportPlan(ClientContext &context, LogicalOperator &plan) {
	auto exported = LogicalPlanSQLExporter::Export(context, plan);
	return exported.HasError() ? std::string() : exported.GetValue().query->ToString();
}

} // namespace cocosql
