#include "tables/query.hpp"

#include "catalog/find_table.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/subqueryref.hpp"
#include "duckdb/parser/tableref/table_function_ref.hpp"
#include "duckdb/planner/binder.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/operator/logical_projection.hpp"
#include "session/names.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

unique_ptr<SelectStatement> Parse(ClientContext &context, const std::string &sql) {
	Parser parser(context);
	parser.ParseQuery(sql);
	if (parser.statements.size() != 1 || parser.statements[0]->type != StatementType::SELECT_STATEMENT) {
		throw InvalidInputException("expected one SELECT");
	}
	return unique_ptr_cast<SQLStatement, SelectStatement>(std::move(parser.statements[0]));
}

unique_ptr<LogicalOperator> Bind(ClientContext &context, TableFunctionBindInput &input, TableIndex index,
                                 vector<Identifier> &names) {
	RequireEngine(context, input.table_function.GetName());
	SearchPath path;
	for (auto &entry : ListValue::GetChildren(input.inputs[1])) {
		auto &parts = ListValue::GetChildren(entry);
		path.emplace_back(parts[0].ToString(), parts[1].ToString());
	}
	UserNames user(context, path);
	return BindQuery(context, input, index, names, input.inputs[0].ToString());
}

//! Which of the two it is, what binds it sees: a look by another transaction could see a table that this one does not.
unique_ptr<LogicalOperator> BindIfTable(ClientContext &context, TableFunctionBindInput &input, TableIndex index,
                                        vector<Identifier> &names) {
	RequireEngine(context, input.table_function.GetName());
	auto text = [&](idx_t i) {
		return input.inputs[i].ToString();
	};
	auto is_there = FindTable(context, {Identifier(text(0)), Identifier(OWN_SCHEMA), Identifier(text(1))}) != nullptr;
	return BindQuery(context, input, index, names, text(is_there ? 2 : 3));
}

} // namespace

unique_ptr<LogicalOperator> BindQuery(ClientContext &context, TableFunctionBindInput &input, TableIndex index,
                                      vector<Identifier> &names, const std::string &sql) {
	SubqueryRef query(Parse(context, sql));
	auto binder = Binder::CreateBinder(context, input.binder, BinderType::VIEW_BINDER);
	binder->SetCanContainNulls(true);
	auto bound = binder->Bind(static_cast<TableRef &>(query));
	names = BindContext::AliasColumnNames(input.table_function.GetName(), bound.names, input.ref.column_name_alias);
	auto root = bound.plan->GetRootIndex();
	vector<unique_ptr<Expression>> columns;
	for (idx_t i = 0; i < bound.types.size(); i++) {
		columns.push_back(make_uniq<BoundColumnRefExpression>(names[i], bound.types[i],
		                                                      ColumnBinding(root, ProjectionIndex(i))));
	}
	auto projection = make_uniq<LogicalProjection>(index, std::move(columns));
	projection->children.push_back(std::move(bound.plan));
	return std::move(projection);
}

TableFunction QueryFunction() {
	auto path = LogicalType::LIST(LogicalType::LIST(LogicalType::VARCHAR));
	TableFunction function("coco_query", {LogicalType::VARCHAR, path}, nullptr);
	function.bind_operator = Bind;
	return function;
}

TableFunction IfTableFunction() {
	vector<LogicalType> arguments(4, LogicalType::VARCHAR);
	TableFunction function("coco_if_table", std::move(arguments), nullptr);
	function.bind_operator = BindIfTable;
	return function;
}

} // namespace cocosql
