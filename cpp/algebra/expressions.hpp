//! Bound expressions as SQL, each bound again to make sure that it means the same.
#pragma once

#include "algebra/node.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/parser/expression/window_expression.hpp"
#include "duckdb/planner/bound_result_modifier.hpp"
#include "duckdb/planner/expression.hpp"
#include "duckdb/planner/logical_operator.hpp"

namespace cocosql {

using ExpressionRefs = duckdb::vector<duckdb::reference<const duckdb::Expression>>;

class Expressions {
public:
	//! Expressions over these columns.
	Expressions(duckdb::ClientContext &context, std::vector<Column> scope);

	//! Each as SQL; a column is written between the characters 1 and 2. Throws Inexpressible.
	std::vector<std::string> Write(const ExpressionRefs &expressions) const;
	//! A call of a function with the first columns, if that gives this type.
	std::string WriteCall(const std::string &function, duckdb::idx_t arguments, const duckdb::LogicalType &type) const;
	//! What there is to say of aggregates, window functions.
	Field::List WriteAggregates(const ExpressionRefs &aggregates) const;
	Field::List WriteWindows(const ExpressionRefs &windows) const;

private:
	using Parsed = duckdb::unique_ptr<duckdb::ParsedExpression>;

	std::vector<Parsed> Export(const ExpressionRefs &expressions) const;
	Parsed ExportOne(const duckdb::Expression &expression) const;
	//! What DuckDB wrote exactly, as readable as can be.
	Parsed Spell(const duckdb::Expression &expression, const duckdb::ParsedExpression &exact) const;
	bool Matches(const ExpressionRefs &expressions, const std::vector<Parsed> &written) const;
	duckdb::unique_ptr<duckdb::LogicalOperator> Bind(const std::vector<Parsed> &written) const;
	duckdb::unique_ptr<duckdb::Expression> Rebased(const duckdb::Expression &expression,
	                                               duckdb::TableIndex table) const;
	std::string Text(const duckdb::ParsedExpression &expression) const;
	Field Texts(const std::vector<duckdb::reference<const duckdb::ParsedExpression>> &expressions) const;
	Field Orders(const duckdb::vector<duckdb::OrderByNode> &orders) const;

	duckdb::ClientContext &context;
	std::vector<Column> scope;
};

} // namespace cocosql
