#include "algebra/expressions.hpp"

#include "algebra/readable.hpp"
#include "algebra/same.hpp"
#include "duckdb/common/exception.hpp"
#include "duckdb/function/window_function.hpp"
#include "duckdb/parser/expression/cast_expression.hpp"
#include "duckdb/parser/expression/collate_expression.hpp"
#include "duckdb/parser/expression/columnref_expression.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/parsed_expression_iterator.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/parser/tableref/delimgetref.hpp"
#include "duckdb/parser/tableref/emptytableref.hpp"
#include "duckdb/planner/binder.hpp"
#include "duckdb/planner/expression/bound_aggregate_expression.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "duckdb/planner/expression/bound_unnest_expression.hpp"
#include "duckdb/planner/expression/bound_window_expression.hpp"
#include "duckdb/planner/expression_iterator.hpp"
#include "duckdb/planner/operator/logical_aggregate.hpp"
#include "duckdb/planner/operator/logical_delim_get.hpp"
#include "duckdb/planner/operator/logical_unnest.hpp"
#include "duckdb/planner/operator/logical_window.hpp"
#include "duckdb/sql_export.hpp"

#include <algorithm>

namespace cocosql {

using namespace duckdb;

namespace {

// While an expression is worked on, a column is known by its number between these.
constexpr char BEGIN = '\x01';
constexpr char END = '\x02';

std::string Placeholder(idx_t position) {
	return BEGIN + std::to_string(position) + END;
}

//! A name for an expression in the reason why it has no SQL.
std::string Subject(const Expression &expression) {
	switch (expression.GetExpressionClass()) {
	case ExpressionClass::BOUND_AGGREGATE:
		return "the function " + expression.Cast<BoundAggregateExpression>().Function().GetName().GetIdentifierName();
	case ExpressionClass::BOUND_WINDOW: {
		auto &window = expression.Cast<BoundWindowExpression>();
		auto &name = window.AggregateFunction() ? window.AggregateFunction()->GetName()
		                                        : window.WindowFunction()->GetName();
		return "the window function " + name.GetIdentifierName();
	}
	case ExpressionClass::BOUND_FUNCTION:
		return "the function " + expression.Cast<BoundFunctionExpression>().Function().GetName().GetIdentifierName();
	default:
		return "the expression " + expression.ToString();
	}
}

//! The expression that a bound SELECT computes for a column: behind references to aggregates and the like.
const Expression &Behind(const LogicalOperator &select, const Expression &expression) {
	if (expression.GetExpressionClass() != ExpressionClass::BOUND_COLUMN_REF) {
		return expression;
	}
	auto &binding = expression.Cast<BoundColumnRefExpression>().Binding();
	for (auto op = select.children[0].get(); !op->children.empty(); op = op->children[0].get()) {
		if (op->type == LogicalOperatorType::LOGICAL_AGGREGATE_AND_GROUP_BY &&
		    op->Cast<LogicalAggregate>().aggregate_index == binding.table_index) {
			return *op->expressions[binding.column_index];
		}
		if (op->type == LogicalOperatorType::LOGICAL_WINDOW &&
		    op->Cast<LogicalWindow>().window_index == binding.table_index) {
			return *op->expressions[binding.column_index];
		}
		if (op->type == LogicalOperatorType::LOGICAL_UNNEST &&
		    op->Cast<LogicalUnnest>().unnest_index == binding.table_index) {
			return *op->expressions[binding.column_index];
		}
	}
	return expression;
}

const LogicalOperator &Leaf(const LogicalOperator &op) {
	return op.children.empty() ? op : Leaf(*op.children[0]);
}

//! The call itself, without the casts that give it its type.
const ParsedExpression &Call(const ParsedExpression &expression) {
	switch (expression.GetExpressionClass()) {
	case ExpressionClass::CAST:
		return Call(expression.Cast<CastExpression>().Child());
	case ExpressionClass::COLLATE:
		return Call(expression.Cast<CollateExpression>().Child());
	default:
		return expression;
	}
}

} // namespace

Expressions::Expressions(ClientContext &context, std::vector<Column> scope)
    : context(context), scope(std::move(scope)) {
}

Expressions::Parsed Expressions::ExportOne(const Expression &expression) const {
	auto exported = ExportExpression(context, expression, [&](const ColumnBinding &binding) -> optional<SQLColumn> {
		for (idx_t i = 0; i < scope.size(); i++) {
			if (scope[i].binding == binding) {
				return SQLColumn {Identifier(Placeholder(i)), scope[i].type};
			}
		}
		return {};
	});
	if (!exported.sql) {
		throw Inexpressible(exported.reason);
	}
	return std::move(exported.sql);
}

std::vector<Expressions::Parsed> Expressions::Export(const ExpressionRefs &expressions) const {
	std::vector<Parsed> exact;
	std::vector<Parsed> written;
	bool is_plain = true;
	for (auto &expression : expressions) {
		is_plain = is_plain && expression.get().GetExpressionClass() == ExpressionClass::BOUND_COLUMN_REF;
		try {
			exact.push_back(ExportOne(expression.get()));
		} catch (const NotImplementedException &error) {
			throw Inexpressible(Subject(expression.get()) + " cannot be written back as SQL: " + error.what());
		} catch (const InternalException &) {
			throw Inexpressible(Subject(expression.get()) + " cannot be written back as SQL");
		}
		written.push_back(exact.back()->Copy());
		MakeReadable(written.back(), STYLES[0]);
	}
	if (!is_plain && !Matches(expressions, written)) {
		for (idx_t i = 0; i < expressions.size(); i++) {
			written[i] = Spell(expressions[i].get(), *exact[i]);
		}
	}
	return written;
}

Expressions::Parsed Expressions::Spell(const Expression &expression, const ParsedExpression &exact) const {
	for (auto &style : STYLES) {
		std::vector<Parsed> written;
		written.push_back(exact.Copy());
		MakeReadable(written.back(), style);
		if (Matches({expression}, written)) {
			return std::move(written.back());
		}
	}
	throw Inexpressible(Subject(expression) + " cannot be written back as SQL");
}

std::vector<std::string> Expressions::Write(const ExpressionRefs &expressions) const {
	std::vector<std::string> result;
	for (auto &written : Export(expressions)) {
		result.push_back(Text(*written));
	}
	return result;
}

std::string Expressions::WriteCall(const std::string &function, idx_t arguments, const LogicalType &type) const {
	vector<Parsed> columns;
	for (idx_t i = 0; i < arguments; i++) {
		columns.push_back(make_uniq<ColumnRefExpression>(Identifier(Placeholder(i))));
	}
	std::vector<Parsed> written;
	written.push_back(make_uniq<FunctionExpression>(Identifier(function), std::move(columns)));
	if (Bind(written)->expressions[0]->GetReturnType() != type) {
		throw Inexpressible("the table function " + function + " with arguments from other tables");
	}
	return Text(*written[0]);
}

bool Expressions::Matches(const ExpressionRefs &expressions, const std::vector<Parsed> &written) const {
	unique_ptr<LogicalOperator> select;
	try {
		select = Bind(written);
	} catch (const std::exception &) {
		return false;
	}
	if (select->type != LogicalOperatorType::LOGICAL_PROJECTION || select->expressions.size() != expressions.size()) {
		return false;
	}
	auto &leaf = Leaf(*select);
	auto table = scope.empty() ? TableIndex() : leaf.Cast<LogicalDelimGet>().table_index;
	for (idx_t i = 0; i < expressions.size(); i++) {
		auto original = Rebased(expressions[i].get(), table);
		if (!IsSame(context, *original, Behind(*select, *select->expressions[i]))) {
			return false;
		}
	}
	return true;
}

unique_ptr<LogicalOperator> Expressions::Bind(const std::vector<Parsed> &written) const {
	std::string text;
	for (auto &expression : written) {
		text += (text.empty() ? "" : ", ") + expression->ToString();
	}
	Parser parser(context);
	SelectNode select;
	select.select_list = parser.ParseExpressionList(text);
	if (scope.empty()) {
		select.from_table = make_uniq<EmptyTableRef>();
	} else {
		vector<LogicalType> types;
		for (auto &column : scope) {
			types.push_back(column.type);
		}
		auto columns = make_uniq<DelimGetRef>(types);
		for (idx_t i = 0; i < scope.size(); i++) {
			columns->internal_aliases[i] = Identifier(Placeholder(i));
		}
		select.from_table = std::move(columns);
	}
	return Binder::CreateBinder(context)->Bind(static_cast<QueryNode &>(select)).plan;
}

unique_ptr<Expression> Expressions::Rebased(const Expression &expression, TableIndex table) const {
	auto result = expression.Copy();
	ExpressionIterator::VisitExpressionMutable<BoundColumnRefExpression>(
	    result, [&](BoundColumnRefExpression &column, unique_ptr<Expression> &) {
		    for (idx_t i = 0; i < scope.size(); i++) {
			    if (scope[i].binding == column.Binding()) {
				    column.BindingMutable() = ColumnBinding(table, ProjectionIndex(i));
				    return;
			    }
		    }
	    });
	return result;
}

std::string Expressions::Text(const ParsedExpression &expression) const {
	std::ptrdiff_t columns = 0;
	ParsedExpressionIterator::VisitExpression<ColumnRefExpression>(
	    expression, [&](const ColumnRefExpression &column) { columns += column.GetName().c_str()[0] == BEGIN; });
	auto text = expression.ToString();
	if (std::count(text.begin(), text.end(), BEGIN) != columns) {
		throw Inexpressible("a text has control characters");
	}
	std::string result;
	idx_t position = 0;
	for (auto begin = text.find(BEGIN); begin != std::string::npos; begin = text.find(BEGIN, position)) {
		auto end = text.find(END, begin);
		// The quotes around the placeholder go, too.
		result += text.substr(position, begin - 1 - position);
		result += BEGIN + scope[std::stoull(text.substr(begin + 1, end - begin - 1))].name + END;
		position = end + 2;
	}
	return result + text.substr(position);
}

Field Expressions::Texts(const std::vector<reference<const ParsedExpression>> &expressions) const {
	Field::List texts;
	for (auto &expression : expressions) {
		texts.emplace_back(Text(expression.get()));
	}
	return texts;
}

Field Expressions::Orders(const vector<OrderByNode> &orders) const {
	Field::List texts;
	for (auto &order : orders) {
		auto modifiers = order.ToString().substr(order.expression->ToString().size());
		texts.emplace_back(Text(*order.expression) + modifiers);
	}
	return texts;
}

Field::List Expressions::WriteAggregates(const ExpressionRefs &aggregates) const {
	Field::List result;
	auto written = Export(aggregates);
	for (idx_t i = 0; i < aggregates.size(); i++) {
		auto &call = Call(*written[i]).Cast<FunctionExpression>();
		std::vector<reference<const ParsedExpression>> arguments;
		for (auto &argument : call.GetArguments()) {
			if (argument.GetExpression().GetExpressionClass() != ExpressionClass::STAR) {
				arguments.push_back(argument.GetExpression());
			}
		}
		auto &bound = aggregates[i].get().Cast<BoundAggregateExpression>();
		Field::List types;
		for (auto &argument : bound.GetChildren()) {
			types.push_back(argument->GetReturnType().ToString());
		}
		auto &name = bound.Function().GetName().GetIdentifierName();
		result.emplace_back(Field::Dict {
		    {"sql", Text(*written[i])},
		    {"name", StringUtil::Lower(name)},
		    {"arguments", Texts(arguments)},
		    {"types", types},
		    {"distinct", call.Distinct()},
		    {"filter", call.Filter() ? Field(Text(*call.Filter())) : Field()},
		    {"order", call.OrderBy() ? Orders(call.OrderBy()->orders) : Field(Field::List())},
		});
	}
	return result;
}

Field::List Expressions::WriteWindows(const ExpressionRefs &windows) const {
	Field::List result;
	for (auto &written : Export(windows)) {
		std::vector<reference<const ParsedExpression>> partitions;
		for (auto &partition : Call(*written).Cast<WindowExpression>().Partitions()) {
			partitions.push_back(*partition);
		}
		result.emplace_back(Field::Dict {{"sql", Text(*written)}, {"partitions", Texts(partitions)}});
	}
	return result;
}

} // namespace cocosql
