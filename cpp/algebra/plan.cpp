#include "algebra/plan.hpp"

#include "algebra/expressions.hpp"
#include "algebra/names.hpp"
#include "algebra/references.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/common/table_column.hpp"
#include "duckdb/common/type_visitor.hpp"
#include "duckdb/function/window_function.hpp"
#include "duckdb/parser/expression/type_expression.hpp"
#include "duckdb/planner/column_binding_map.hpp"
#include "duckdb/planner/expression/bound_aggregate_expression.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/expression/bound_conjunction_expression.hpp"
#include "duckdb/planner/expression/bound_constant_expression.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "duckdb/planner/expression/bound_unnest_expression.hpp"
#include "duckdb/planner/expression/bound_window_expression.hpp"
#include "duckdb/planner/expression_binder.hpp"
#include "duckdb/planner/expression_iterator.hpp"
#include "duckdb/planner/logical_operator_visitor.hpp"
#include "duckdb/planner/operator/list.hpp"
#include "duckdb/planner/operator/logical_pivot.hpp"
#include "duckdb/planner/operator/logical_recursive_cte.hpp"
#include "duckdb/planner/operator/logical_secure_view.hpp"
#include "duckdb/sql_export.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace cocosql {

using namespace duckdb;

namespace {

Field Texts(const std::vector<std::string> &texts) {
	Field::List list;
	for (auto &text : texts) {
		list.emplace_back(text);
	}
	return list;
}

const char *JoinName(JoinType type) {
	switch (type) {
	case JoinType::INNER:
		return "inner";
	case JoinType::LEFT:
		return "left";
	case JoinType::RIGHT:
		return "right";
	case JoinType::OUTER:
		return "full";
	case JoinType::SEMI:
		return "semi";
	case JoinType::ANTI:
		return "anti";
	case JoinType::MARK:
		return "mark";
	case JoinType::SINGLE:
		return "single";
	default:
		throw Inexpressible("a join of an unknown type");
	}
}

std::string OrderModifiers(const BoundOrderByNode &order) {
	return std::string(order.type == OrderType::DESCENDING ? " DESC" : " ASC") +
	       (order.null_order == OrderByNullType::NULLS_FIRST ? " NULLS FIRST" : " NULLS LAST");
}

//! Whether values of the type may be equal and have different hashes: text with a collation, and VARIANT.
bool IsComparedByMeaning(ClientContext &context, const LogicalType &type) {
	return TypeVisitor::Contains(type, [&](const LogicalType &part) {
		unique_ptr<Expression> value = make_uniq<BoundConstantExpression>(Value(part));
		return part.id() == LogicalTypeId::VARIANT ||
		       (part.id() == LogicalTypeId::VARCHAR && ExpressionBinder::PushCollation(context, value, part));
	});
}

//! Columns of some types, as of states of aggregates, can be worked with in a query, but not be kept in a table.
void CheckCanBeKept(const Node &node) {
	for (auto &column : node.columns) {
		TypeVisitor::Contains(column.type, [](const LogicalType &part) {
			if (part.IsAggregateState() || !TypeExpression::IsSQLType(part.id())) {
				throw Inexpressible("a column of type " + part.ToString());
			}
			return false;
		});
	}
}

class Builder {
public:
	explicit Builder(ClientContext &context) : context(context) {
	}

	idx_t Visit(LogicalOperator &op);

	std::vector<Node> nodes;

private:
	using Inputs = const std::vector<idx_t> &;

	Node Make(LogicalOperator &op, Inputs inputs);
	Node MakeOpaque(LogicalOperator &op, Inputs inputs, const std::string &reason);
	Node MakeGet(LogicalGet &get, Inputs inputs);
	Node MakeTable(LogicalGet &get, TableCatalogEntry &table);
	Node MakeCall(LogicalGet &get);
	Node MakeUnnestingCall(LogicalGet &get, Inputs inputs);
	Node MakeValues(LogicalOperator &op);
	Node MakeFilter(LogicalFilter &filter, Inputs inputs);
	Node MakeProject(LogicalProjection &project, Inputs inputs);
	Node MakeUnnest(LogicalUnnest &unnest, Inputs inputs);
	Node MakeJoin(LogicalOperator &op, Inputs inputs);
	Node MakeAggregate(LogicalAggregate &aggregate, Inputs inputs);
	Node MakeWindow(LogicalWindow &window, Inputs inputs);
	Node MakeDistinct(LogicalDistinct &distinct, Inputs inputs);
	Node MakeSetOperation(LogicalSetOperation &op, Inputs inputs);
	Node MakeOrder(LogicalOrder &order, Inputs inputs);
	Node MakeLimit(LogicalLimit &limit, Inputs inputs);
	Node MakeReference(LogicalCTERef &reference);
	idx_t VisitRows(LogicalExpressionGet &get);

	void AddConditions(LogicalOperator &op, Node &node, const Expressions &both);
	Field LimitText(const BoundLimitNode &limit, bool &percent) const;
	Field Orders(const vector<BoundOrderByNode> &orders, const Expressions &expressions) const;

	idx_t Add(Node node);
	//! The node itself, or one that takes only these of its columns.
	idx_t Narrow(idx_t node, const std::vector<ColumnBinding> &bindings);
	Column NewColumn(const std::string &base, const LogicalType &type, ColumnBinding binding);
	std::vector<Column> Scope(Inputs inputs) const;
	const Column *Find(Inputs inputs, const ColumnBinding &binding) const;
	std::string Rough(const Expression &expression, Inputs inputs) const;
	Field RoughColumn(LogicalOperator &op, const ColumnBinding &binding, Inputs inputs) const;
	std::string BaseName(const Expression &expression, Inputs inputs) const;
	bool AreComparedByMeaning(const std::vector<Column> &columns) const;

	ClientContext &context;
	Names names;
	std::unordered_map<idx_t, idx_t> ctes;
};

idx_t Builder::Visit(LogicalOperator &op) {
	switch (op.type) {
	case LogicalOperatorType::LOGICAL_SECURE_VIEW:
		return Visit(*op.children[0]);
	case LogicalOperatorType::LOGICAL_MATERIALIZED_CTE:
		ctes[op.Cast<LogicalMaterializedCTE>().table_index.index] = Visit(*op.children[0]);
		return Visit(*op.children[1]);
	case LogicalOperatorType::LOGICAL_EXPRESSION_GET:
		if (op.children[0]->type != LogicalOperatorType::LOGICAL_DUMMY_SCAN) {
			return VisitRows(op.Cast<LogicalExpressionGet>());
		}
		break;
	default:
		break;
	}
	std::vector<idx_t> inputs;
	if (op.type != LogicalOperatorType::LOGICAL_EXPRESSION_GET) {
		for (auto &child : op.children) {
			inputs.push_back(Visit(*child));
		}
	}
	try {
		auto node = Make(op, inputs);
		CheckCanBeKept(node);
		return Narrow(Add(std::move(node)), op.GetColumnBindings());
	} catch (const Inexpressible &what) {
		return Add(MakeOpaque(op, inputs, what.what()));
	}
}

idx_t Builder::Add(Node node) {
	nodes.push_back(std::move(node));
	return nodes.size() - 1;
}

idx_t Builder::Narrow(idx_t index, const std::vector<ColumnBinding> &bindings) {
	auto &columns = nodes[index].columns;
	auto is_same = columns.size() == bindings.size();
	for (idx_t i = 0; is_same && i < bindings.size(); i++) {
		is_same = columns[i].binding == bindings[i];
	}
	if (is_same) {
		return index;
	}
	Node narrow {"project", {index}, {}, {}};
	std::vector<std::string> expressions;
	for (auto &binding : bindings) {
		auto column = Find({index}, binding);
		if (!column) {
			throw Inexpressible("a plan with a column that is not there");
		}
		expressions.push_back(Reference(*column));
		auto is_repeated = std::any_of(narrow.columns.begin(), narrow.columns.end(),
		                               [&](const Column &other) { return other.binding == binding; });
		narrow.columns.push_back(is_repeated ? NewColumn(column->base, column->type, binding) : *column);
	}
	narrow.fields.emplace_back("expressions", Texts(expressions));
	return Add(std::move(narrow));
}

Column Builder::NewColumn(const std::string &base, const LogicalType &type, ColumnBinding binding) {
	return {names.Take(base), base, type, binding};
}

std::vector<Column> Builder::Scope(Inputs inputs) const {
	std::vector<Column> scope;
	for (auto input : inputs) {
		scope.insert(scope.end(), nodes[input].columns.begin(), nodes[input].columns.end());
	}
	return scope;
}

const Column *Builder::Find(Inputs inputs, const ColumnBinding &binding) const {
	for (auto input : inputs) {
		for (auto &column : nodes[input].columns) {
			if (column.binding == binding) {
				return &column;
			}
		}
	}
	return nullptr;
}

std::string Builder::BaseName(const Expression &expression, Inputs inputs) const {
	// The planner calls columns that it made up by their numbers.
	if (expression.HasAlias() && !expression.GetAlias().StartsWith("#[")) {
		return expression.GetAlias().GetIdentifierName();
	}
	switch (expression.GetExpressionClass()) {
	case ExpressionClass::BOUND_COLUMN_REF: {
		auto column = Find(inputs, expression.Cast<BoundColumnRefExpression>().Binding());
		return column ? column->base : "column";
	}
	case ExpressionClass::BOUND_AGGREGATE:
		return expression.Cast<BoundAggregateExpression>().Function().GetName().GetIdentifierName();
	case ExpressionClass::BOUND_WINDOW: {
		auto &window = expression.Cast<BoundWindowExpression>();
		auto &name = window.AggregateFunction() ? window.AggregateFunction()->GetName()
		                                        : window.WindowFunction()->GetName();
		return name.GetIdentifierName();
	}
	default:
		return "value";
	}
}

bool Builder::AreComparedByMeaning(const std::vector<Column> &columns) const {
	return std::any_of(columns.begin(), columns.end(),
	                   [&](const Column &column) { return IsComparedByMeaning(context, column.type); });
}

//! An expression that SQL may have no words for, with its columns as in SQL: for people, and to find the columns.
std::string Builder::Rough(const Expression &expression, Inputs inputs) const {
	auto copy = expression.Copy();
	vector<std::string> columns;
	ExpressionIterator::VisitExpressionMutable<BoundColumnRefExpression>(
	    copy, [&](BoundColumnRefExpression &reference, unique_ptr<Expression> &) {
		    if (auto column = Find(inputs, reference.Binding())) {
			    columns.push_back(Reference(*column));
			    reference.SetAlias(Identifier(columns.back()));
		    }
	    });
	auto text = copy->ToString();
	auto marks = static_cast<idx_t>(std::count(text.begin(), text.end(), '\x01'));
	// A text with such characters is left out.
	return marks == columns.size() ? text : StringUtil::Join(columns, ", ");
}

//! The expression that a column of an operator is; none if it is no expression.
const Expression *Defining(const LogicalOperator &op, const ColumnBinding &binding) {
	if (op.type == LogicalOperatorType::LOGICAL_AGGREGATE_AND_GROUP_BY) {
		auto &aggregate = op.Cast<LogicalAggregate>();
		if (binding.table_index == aggregate.group_index) {
			return aggregate.groups[binding.column_index].get();
		}
		return binding.table_index == aggregate.aggregate_index ? op.expressions[binding.column_index].get() : nullptr;
	}
	auto has_own = op.type == LogicalOperatorType::LOGICAL_PROJECTION ||
	               op.type == LogicalOperatorType::LOGICAL_WINDOW || op.type == LogicalOperatorType::LOGICAL_UNNEST;
	return has_own ? op.expressions[binding.column_index].get() : nullptr;
}

Field Builder::RoughColumn(LogicalOperator &op, const ColumnBinding &binding, Inputs inputs) const {
	if (auto column = Find(inputs, binding)) {
		return Reference(*column);
	}
	if (auto expression = Defining(op, binding)) {
		return Rough(*expression, inputs);
	}
	return {};
}

Node Builder::MakeOpaque(LogicalOperator &op, Inputs inputs, const std::string &reason) {
	Node node {"opaque", inputs, {}, {}};
	Field::List expressions;
	auto bindings = op.GetColumnBindings();
	for (idx_t i = 0; i < bindings.size() && i < op.types.size(); i++) {
		auto column = Find(inputs, bindings[i]);
		auto is_reference = op.type == LogicalOperatorType::LOGICAL_CTE_REF;
		auto base = is_reference ? op.Cast<LogicalCTERef>().bound_columns[i].GetIdentifierName() : "column";
		node.columns.push_back(column ? *column : NewColumn(base, op.types[i], bindings[i]));
		expressions.push_back(RoughColumn(op, bindings[i], inputs));
	}
	// What decides which rows there are: all but the values of columns.
	Field::List conditions;
	auto is_value = op.type == LogicalOperatorType::LOGICAL_PROJECTION ||
	                op.type == LogicalOperatorType::LOGICAL_AGGREGATE_AND_GROUP_BY ||
	                op.type == LogicalOperatorType::LOGICAL_WINDOW;
	std::unordered_set<const Expression *> values;
	for (auto &expression : op.expressions) {
		if (is_value) {
			values.insert(expression.get());
		}
	}
	LogicalOperatorVisitor::EnumerateExpressions(op, [&](unique_ptr<Expression> *expression) {
		if (!values.count(expression->get())) {
			conditions.emplace_back(Rough(**expression, inputs));
		}
	});
	node.fields = {{"reason", reason}, {"expressions", expressions}, {"conditions", conditions}};
	if (op.type == LogicalOperatorType::LOGICAL_RECURSIVE_CTE) {
		node.fields.emplace_back("recursion", op.Cast<LogicalRecursiveCTE>().table_index.index);
	}
	if (op.type == LogicalOperatorType::LOGICAL_CTE_REF) {
		node.fields.emplace_back("recursion", op.Cast<LogicalCTERef>().cte_index.index);
	}
	if (op.type == LogicalOperatorType::LOGICAL_GET) {
		node.fields.emplace_back("source", op.Cast<LogicalGet>().function.GetName().GetIdentifierName());
	}
	return node;
}

Node Builder::Make(LogicalOperator &op, Inputs inputs) {
	switch (op.type) {
	case LogicalOperatorType::LOGICAL_GET:
		return MakeGet(op.Cast<LogicalGet>(), inputs);
	case LogicalOperatorType::LOGICAL_EXPRESSION_GET:
	case LogicalOperatorType::LOGICAL_CHUNK_GET:
	case LogicalOperatorType::LOGICAL_DUMMY_SCAN:
	case LogicalOperatorType::LOGICAL_EMPTY_RESULT:
		return MakeValues(op);
	case LogicalOperatorType::LOGICAL_FILTER:
		return MakeFilter(op.Cast<LogicalFilter>(), inputs);
	case LogicalOperatorType::LOGICAL_PROJECTION:
		return MakeProject(op.Cast<LogicalProjection>(), inputs);
	case LogicalOperatorType::LOGICAL_UNNEST:
		return MakeUnnest(op.Cast<LogicalUnnest>(), inputs);
	case LogicalOperatorType::LOGICAL_COMPARISON_JOIN:
	case LogicalOperatorType::LOGICAL_ANY_JOIN:
	case LogicalOperatorType::LOGICAL_ASOF_JOIN:
	case LogicalOperatorType::LOGICAL_CROSS_PRODUCT:
		return MakeJoin(op, inputs);
	case LogicalOperatorType::LOGICAL_AGGREGATE_AND_GROUP_BY:
		return MakeAggregate(op.Cast<LogicalAggregate>(), inputs);
	case LogicalOperatorType::LOGICAL_WINDOW:
		return MakeWindow(op.Cast<LogicalWindow>(), inputs);
	case LogicalOperatorType::LOGICAL_DISTINCT:
		return MakeDistinct(op.Cast<LogicalDistinct>(), inputs);
	case LogicalOperatorType::LOGICAL_UNION:
	case LogicalOperatorType::LOGICAL_EXCEPT:
	case LogicalOperatorType::LOGICAL_INTERSECT:
		return MakeSetOperation(op.Cast<LogicalSetOperation>(), inputs);
	case LogicalOperatorType::LOGICAL_ORDER_BY:
		return MakeOrder(op.Cast<LogicalOrder>(), inputs);
	case LogicalOperatorType::LOGICAL_LIMIT:
		return MakeLimit(op.Cast<LogicalLimit>(), inputs);
	case LogicalOperatorType::LOGICAL_CTE_REF:
		return MakeReference(op.Cast<LogicalCTERef>());
	case LogicalOperatorType::LOGICAL_RECURSIVE_CTE:
		throw Inexpressible("a recursive CTE");
	case LogicalOperatorType::LOGICAL_SAMPLE:
		throw Inexpressible("TABLESAMPLE");
	case LogicalOperatorType::LOGICAL_POSITIONAL_JOIN:
		throw Inexpressible("POSITIONAL JOIN");
	case LogicalOperatorType::LOGICAL_PIVOT:
		throw Inexpressible("PIVOT");
	default:
		throw Inexpressible("the operator " + op.GetName());
	}
}

Node Builder::MakeGet(LogicalGet &get, Inputs inputs) {
	if (!inputs.empty()) {
		return MakeUnnestingCall(get, inputs);
	}
	if (get.at_clause) {
		throw Inexpressible("a table AT a time or version");
	}
	auto table = get.GetTable();
	return table ? MakeTable(get, *table) : MakeCall(get);
}

Node Builder::MakeTable(LogicalGet &get, TableCatalogEntry &table) {
	Node node {"table", {}, {}, {}};
	std::vector<std::string> sources;
	auto bindings = get.GetColumnBindings();
	auto &ids = get.GetColumnIds();
	for (idx_t i = 0; i < bindings.size(); i++) {
		// Where no column is needed the plan has one that SQL has no name for: any other does.
		auto index = ids[i].IsEmptyColumn() ? ColumnIndex(0) : ids[i];
		auto &name = get.GetColumnName(index).GetIdentifierName();
		node.columns.push_back(NewColumn(name, get.GetColumnType(index), bindings[i]));
		sources.push_back(name);
	}
	node.fields = {{"database", table.ParentCatalog().GetName().GetIdentifierName()},
	               {"schema", table.ParentSchema().name.GetIdentifierName()},
	               {"name", table.name.GetIdentifierName()},
	               {"source_columns", Texts(sources)}};
	return node;
}

Node Builder::MakeCall(LogicalGet &get) {
	auto &function = get.function.GetName().GetIdentifierName();
	auto call = ExportCall(context, get);
	if (!call) {
		throw Inexpressible("the table function " + function + " cannot be written back as SQL");
	}
	Node node {"call", {}, {}, {}};
	std::vector<std::string> sources;
	auto bindings = get.GetColumnBindings();
	for (idx_t i = 0; i < bindings.size(); i++) {
		auto &id = get.GetColumnIds()[i];
		auto base = id.IsEmptyColumn() ? "row" : get.GetColumnName(id).GetIdentifierName();
		auto type = id.IsEmptyColumn() ? LogicalType::INTEGER : get.GetColumnType(id);
		node.columns.push_back(NewColumn(base, type, bindings[i]));
		sources.push_back(node.columns.back().name);
		call->select_list[i]->SetAlias(Identifier(sources.back()));
	}
	node.fields = {
	    {"function", function}, {"sql", "(" + call->ToString() + ")"}, {"source_columns", Texts(sources)}};
	return node;
}

//! A table function of its input's columns that gives the elements of a list.
Node Builder::MakeUnnestingCall(LogicalGet &get, Inputs inputs) {
	static const std::unordered_set<std::string> SERIES {"range", "generate_series"};
	auto &function = get.function.GetName().GetIdentifierName();
	auto is_unnest = function == "unnest";
	if (!is_unnest && !SERIES.count(function)) {
		throw Inexpressible("the table function " + function + " with arguments from other tables");
	}
	auto scope = Scope(inputs);
	auto list = is_unnest ? Reference(scope.at(0))
	                      : Expressions(context, scope)
	                            .WriteCall(function, get.input_table_types.size(),
	                                       LogicalType::LIST(get.returned_types[0]));
	std::vector<std::string> expressions;
	auto &ids = get.GetColumnIds();
	for (idx_t i = 0; i < ids.size(); i++) {
		auto is_number = get.ordinality_idx.IsValid() && ids[i].GetPrimaryIndex() == get.ordinality_idx.GetIndex();
		auto index = is_number ? get.ordinality_idx.GetIndex() : 0;
		expressions.push_back(is_number ? "generate_series(1, len(" + list + "))" : list);
		scope.push_back(NewColumn(get.names[index].GetIdentifierName(), get.returned_types[index],
		                          ColumnBinding(get.table_index, ProjectionIndex(i))));
	}
	return {"unnest", inputs, scope, {{"expressions", Texts(expressions)}}};
}

Node Builder::MakeValues(LogicalOperator &op) {
	Node node {"values", {}, {}, {}};
	auto sql = ExportPlan(context, op);
	if (sql.empty()) {
		throw Inexpressible("rows of constants that cannot be written back as SQL");
	}
	auto bindings = op.GetColumnBindings();
	for (idx_t i = 0; i < bindings.size(); i++) {
		node.columns.push_back(NewColumn("value", op.types[i], bindings[i]));
	}
	node.fields.emplace_back("sql", sql);
	return node;
}

//! VALUES over columns of an input: a projection for each row.
idx_t Builder::VisitRows(LogicalExpressionGet &get) {
	std::vector<idx_t> inputs {Visit(*get.children[0])};
	try {
		std::vector<Node> rows;
		for (auto &row : get.expressions) {
			ExpressionRefs expressions;
			Node project {"project", inputs, {}, {}};
			for (auto &expression : row) {
				expressions.push_back(*expression);
				project.columns.push_back(
				    NewColumn(BaseName(*expression, inputs), expression->GetReturnType(), ColumnBinding()));
			}
			auto written = Expressions(context, Scope(inputs)).Write(expressions);
			project.fields.emplace_back("expressions", Texts(written));
			rows.push_back(std::move(project));
		}
		Node all {"union", {}, {}, {{"all", true}}};
		auto bindings = get.GetColumnBindings();
		for (idx_t i = 0; i < bindings.size(); i++) {
			all.columns.push_back(NewColumn(rows[0].columns[i].base, get.types[i], bindings[i]));
		}
		for (auto &row : rows) {
			all.inputs.push_back(Add(std::move(row)));
		}
		return Add(std::move(all));
	} catch (const Inexpressible &what) {
		return Add(MakeOpaque(get, inputs, what.what()));
	}
}

void AddConjuncts(const Expression &expression, ExpressionRefs &conjuncts) {
	if (expression.GetExpressionType() != ExpressionType::CONJUNCTION_AND) {
		conjuncts.push_back(expression);
		return;
	}
	for (auto &child : expression.Cast<BoundConjunctionExpression>().GetChildren()) {
		AddConjuncts(*child, conjuncts);
	}
}

Node Builder::MakeFilter(LogicalFilter &filter, Inputs inputs) {
	ExpressionRefs conditions;
	for (auto &expression : filter.expressions) {
		AddConjuncts(*expression, conditions);
	}
	auto scope = Scope(inputs);
	auto written = Expressions(context, scope).Write(conditions);
	return {"filter", inputs, scope, {{"conditions", Texts(written)}}};
}

Node Builder::MakeProject(LogicalProjection &project, Inputs inputs) {
	ExpressionRefs expressions;
	for (auto &expression : project.expressions) {
		expressions.push_back(*expression);
	}
	auto written = Expressions(context, Scope(inputs)).Write(expressions);
	Node node {"project", inputs, {}, {{"expressions", Texts(written)}}};
	auto bindings = project.GetColumnBindings();
	for (idx_t i = 0; i < bindings.size(); i++) {
		node.columns.push_back(
		    NewColumn(BaseName(*project.expressions[i], inputs), project.expressions[i]->GetReturnType(), bindings[i]));
	}
	return node;
}

Node Builder::MakeUnnest(LogicalUnnest &unnest, Inputs inputs) {
	ExpressionRefs calls;
	ExpressionRefs arguments;
	for (auto &expression : unnest.expressions) {
		calls.push_back(*expression);
		arguments.push_back(*expression->Cast<BoundUnnestExpression>().Child());
	}
	auto scope = Scope(inputs);
	Expressions expressions(context, scope);
	expressions.Write(calls);
	auto written = expressions.Write(arguments);
	for (idx_t i = 0; i < calls.size(); i++) {
		auto &call = calls[i].get();
		auto base = BaseName(call.HasAlias() ? call : arguments[i].get(), inputs);
		scope.push_back(
		    NewColumn(base, call.GetReturnType(), ColumnBinding(unnest.unnest_index, ProjectionIndex(i))));
	}
	return {"unnest", inputs, scope, {{"expressions", Texts(written)}}};
}

void Builder::AddConditions(LogicalOperator &op, Node &node, const Expressions &both) {
	ExpressionRefs sides;
	ExpressionRefs predicates;
	std::vector<std::string> operators;
	auto by_meaning = false;
	if (op.type == LogicalOperatorType::LOGICAL_ANY_JOIN) {
		AddConjuncts(*op.Cast<LogicalAnyJoin>().condition, predicates);
	} else if (op.type != LogicalOperatorType::LOGICAL_CROSS_PRODUCT) {
		for (auto &condition : op.Cast<LogicalComparisonJoin>().conditions) {
			if (condition.IsComparison()) {
				sides.push_back(condition.GetLHS());
				sides.push_back(condition.GetRHS());
				// What SQL says about collations is in the expressions: lower(x) = lower(y).
				by_meaning |= condition.GetLHS().GetExpressionClass() == ExpressionClass::BOUND_COLUMN_REF &&
				              IsComparedByMeaning(context, condition.GetLHS().GetReturnType());
				operators.push_back(ExpressionTypeToOperator(condition.GetComparisonType()));
			} else {
				AddConjuncts(condition.GetJoinExpression(), predicates);
			}
		}
	}
	auto written = both.Write(sides);
	Field::List conditions;
	for (idx_t i = 0; i < operators.size(); i++) {
		conditions.emplace_back(Field::List {written[2 * i], operators[i], written[2 * i + 1]});
	}
	node.fields.emplace_back("conditions", conditions);
	node.fields.emplace_back("predicates", Texts(both.Write(predicates)));
	node.fields.emplace_back("by_meaning", by_meaning);
}

Node Builder::MakeJoin(LogicalOperator &op, Inputs inputs) {
	auto is_cross = op.type == LogicalOperatorType::LOGICAL_CROSS_PRODUCT;
	auto type = is_cross ? JoinType::INNER : op.Cast<LogicalJoin>().join_type;
	Node node {"join", inputs, {}, {}};
	node.fields = {{"type", std::string(JoinName(type))},
	               {"asof", op.type == LogicalOperatorType::LOGICAL_ASOF_JOIN}};
	auto scope = Scope(inputs);
	AddConditions(op, node, Expressions(context, scope));
	switch (type) {
	case JoinType::SEMI:
	case JoinType::ANTI:
		node.columns = nodes[inputs[0]].columns;
		break;
	case JoinType::MARK:
		node.columns = nodes[inputs[0]].columns;
		node.columns.push_back(NewColumn("mark", LogicalType::BOOLEAN,
		                                 ColumnBinding(op.Cast<LogicalJoin>().mark_index, ProjectionIndex(0))));
		break;
	default:
		node.columns = scope;
	}
	return node;
}

Node Builder::MakeAggregate(LogicalAggregate &aggregate, Inputs inputs) {
	Node node {"aggregate", inputs, {}, {}};
	Expressions expressions(context, Scope(inputs));
	ExpressionRefs groups;
	for (auto &group : aggregate.groups) {
		groups.push_back(*group);
	}
	ExpressionRefs calls;
	for (auto &call : aggregate.expressions) {
		calls.push_back(*call);
	}
	auto numbers = [](auto &indexes) {
		Field::List list;
		for (auto &index : indexes) {
			list.emplace_back(index.GetIndex());
		}
		return Field(list);
	};
	Field::List sets;
	for (auto &set : aggregate.grouping_sets) {
		sets.push_back(numbers(set));
	}
	if (sets.empty()) {
		GroupingSet all;
		for (idx_t i = 0; i < groups.size(); i++) {
			all.insert(ProjectionIndex(i));
		}
		sets.push_back(numbers(all));
	}
	Field::List groupings;
	for (auto &grouping : aggregate.grouping_functions) {
		groupings.push_back(numbers(grouping));
	}
	node.fields = {{"groups", Texts(expressions.Write(groups))},
	               {"aggregates", expressions.WriteAggregates(calls)},
	               {"grouping_sets", sets},
	               {"grouping_functions", groupings}};
	for (idx_t i = 0; i < groups.size(); i++) {
		node.columns.push_back(NewColumn(BaseName(groups[i], inputs), groups[i].get().GetReturnType(),
		                                 ColumnBinding(aggregate.group_index, ProjectionIndex(i))));
	}
	for (idx_t i = 0; i < calls.size(); i++) {
		node.columns.push_back(NewColumn(BaseName(calls[i], inputs), calls[i].get().GetReturnType(),
		                                 ColumnBinding(aggregate.aggregate_index, ProjectionIndex(i))));
	}
	for (idx_t i = 0; i < groupings.size(); i++) {
		node.columns.push_back(NewColumn("grouping", LogicalType::BIGINT,
		                                 ColumnBinding(aggregate.groupings_index, ProjectionIndex(i))));
	}
	return node;
}

Node Builder::MakeWindow(LogicalWindow &window, Inputs inputs) {
	ExpressionRefs calls;
	for (auto &expression : window.expressions) {
		calls.push_back(*expression);
	}
	auto scope = Scope(inputs);
	Node node {"window", inputs, scope, {{"windows", Expressions(context, scope).WriteWindows(calls)}}};
	for (idx_t i = 0; i < calls.size(); i++) {
		node.columns.push_back(NewColumn(BaseName(calls[i], inputs), calls[i].get().GetReturnType(),
		                                 ColumnBinding(window.window_index, ProjectionIndex(i))));
	}
	return node;
}

Field Builder::Orders(const vector<BoundOrderByNode> &orders, const Expressions &expressions) const {
	ExpressionRefs keys;
	for (auto &order : orders) {
		keys.push_back(*order.expression);
	}
	auto written = expressions.Write(keys);
	for (idx_t i = 0; i < orders.size(); i++) {
		written[i] += OrderModifiers(orders[i]);
	}
	return Texts(written);
}

Node Builder::MakeDistinct(LogicalDistinct &distinct, Inputs inputs) {
	auto scope = Scope(inputs);
	Expressions expressions(context, scope);
	ExpressionRefs targets;
	column_binding_set_t shown;
	for (auto &target : distinct.distinct_targets) {
		targets.push_back(*target);
		if (target->GetExpressionClass() == ExpressionClass::BOUND_COLUMN_REF) {
			shown.insert(target->Cast<BoundColumnRefExpression>().Binding());
		}
	}
	// DISTINCT, too, is of its targets: other columns are there for an ORDER BY above, or are equal by a collation.
	auto is_of_all = distinct.distinct_type == DistinctType::DISTINCT &&
	                 std::all_of(scope.begin(), scope.end(),
	                             [&](const Column &column) { return shown.count(column.binding) > 0; });
	auto on = is_of_all ? Field(Field::List()) : Texts(expressions.Write(targets));
	auto order = distinct.order_by ? Orders(distinct.order_by->orders, expressions) : Field(Field::List());
	auto by_meaning = is_of_all && AreComparedByMeaning(scope);
	return {"distinct", inputs, scope, {{"on", on}, {"order", order}, {"by_meaning", by_meaning}}};
}

Node Builder::MakeSetOperation(LogicalSetOperation &op, Inputs inputs) {
	auto kind = op.type == LogicalOperatorType::LOGICAL_UNION    ? "union"
	            : op.type == LogicalOperatorType::LOGICAL_EXCEPT ? "except"
	                                                             : "intersect";
	Node node {kind, inputs, {}, {{"all", op.setop_all}, {"by_meaning", AreComparedByMeaning(Scope(inputs))}}};
	for (auto &input : node.inputs) {
		std::vector<ColumnBinding> first;
		for (idx_t i = 0; i < op.column_count; i++) {
			first.push_back(nodes[input].columns[i].binding);
		}
		input = Narrow(input, first);
	}
	auto bindings = op.GetColumnBindings();
	for (idx_t i = 0; i < bindings.size(); i++) {
		auto &source = nodes[node.inputs[0]].columns[i];
		node.columns.push_back(NewColumn(source.base, source.type, bindings[i]));
	}
	return node;
}

Node Builder::MakeOrder(LogicalOrder &order, Inputs inputs) {
	auto scope = Scope(inputs);
	return {"order", inputs, scope, {{"order", Orders(order.orders, Expressions(context, scope))}}};
}

Field Builder::LimitText(const BoundLimitNode &limit, bool &percent) const {
	switch (limit.Type()) {
	case LimitNodeType::UNSET:
		return {};
	case LimitNodeType::CONSTANT_VALUE:
		return std::to_string(limit.GetConstantValue());
	case LimitNodeType::CONSTANT_PERCENTAGE:
		percent = true;
		return Value::DOUBLE(limit.GetConstantPercentage()).ToString();
	default:
		if (!limit.GetExpression()->IsScalar()) {
			throw Inexpressible("LIMIT by a subquery");
		}
		percent = limit.Type() == LimitNodeType::EXPRESSION_PERCENTAGE;
		return Expressions(context, {}).Write({*limit.GetExpression()}).front();
	}
}

Node Builder::MakeLimit(LogicalLimit &limit, Inputs inputs) {
	bool percent = false;
	bool offset_percent = false;
	auto count = LimitText(limit.limit_val, percent);
	auto offset = LimitText(limit.offset_val, offset_percent);
	return {"limit", inputs, Scope(inputs), {{"limit", count}, {"offset", offset}, {"percent", percent}}};
}

Node Builder::MakeReference(LogicalCTERef &reference) {
	auto found = ctes.find(reference.cte_index.index);
	if (found == ctes.end()) {
		throw Inexpressible("a recursive CTE");
	}
	Node node {"project", {found->second}, {}, {}};
	std::vector<std::string> expressions;
	auto bindings = reference.GetColumnBindings();
	for (idx_t i = 0; i < bindings.size(); i++) {
		auto &source = nodes[found->second].columns.at(i);
		auto is_generated = reference.bound_columns[i].StartsWith("__duckdb_");
		auto base = is_generated ? source.base : reference.bound_columns[i].GetIdentifierName();
		node.columns.push_back(NewColumn(base, reference.types[i], bindings[i]));
		expressions.push_back(Reference(source));
	}
	node.fields.emplace_back("expressions", Texts(expressions));
	return node;
}

} // namespace

std::vector<Node> ToNodes(ClientContext &context, LogicalOperator &plan) {
	Builder builder(context);
	auto root = builder.Visit(plan);
	builder.nodes.resize(root + 1);
	return std::move(builder.nodes);
}

} // namespace cocosql
