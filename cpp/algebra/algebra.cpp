#include "algebra/algebra.hpp"

#include "algebra/plan.hpp"
#include "duckdb/parser/expression/type_expression.hpp"
#include "duckdb/planner/planner.hpp"
#include "python/errors.hpp"

#include <nanobind/stl/string.h>

namespace cocosql {

using namespace duckdb;

namespace {

nb::object ToPython(const Field &field);

nb::dict ToPython(const Field::Dict &fields) {
	nb::dict result;
	for (auto &entry : fields) {
		result[entry.first.c_str()] = ToPython(entry.second);
	}
	return result;
}

nb::object ToPython(const Field &field) {
	switch (field.kind) {
	case Field::Kind::FLAG:
		return nb::bool_(field.number != 0);
	case Field::Kind::NUMBER:
		return nb::int_(field.number);
	case Field::Kind::TEXT:
		return nb::str(field.text.data(), field.text.size());
	case Field::Kind::LIST: {
		nb::list list;
		for (auto &element : field.list) {
			list.append(ToPython(element));
		}
		return list;
	}
	case Field::Kind::DICT:
		return ToPython(field.dict);
	default:
		return nb::none();
	}
}

nb::dict ToPython(const Node &node) {
	nb::dict result;
	result["kind"] = node.kind;
	nb::list inputs;
	for (auto input : node.inputs) {
		inputs.append(input);
	}
	result["inputs"] = inputs;
	nb::list columns;
	for (auto &column : node.columns) {
		columns.append(nb::make_tuple(column.name, TypeExpression::FromLogicalType(column.type)->ToString()));
	}
	result["columns"] = columns;
	result.update(ToPython(node.fields));
	return result;
}

std::vector<Node> Plan(Session &session, const std::string &sql) {
	auto statements = session.connection.ExtractStatements(sql);
	if (statements.size() != 1 || statements[0]->type != StatementType::SELECT_STATEMENT) {
		throw InvalidInputException("expected one SELECT");
	}
	if (!statements[0]->named_param_map.empty()) {
		throw InvalidInputException("parameters (? or $1) cannot be part of a view: write the value");
	}
	auto &context = *session.connection.context;
	std::vector<Node> nodes;
	context.RunFunctionInTransaction([&] {
		Planner planner(context);
		planner.CreatePlan(std::move(statements[0]));
		planner.plan->ResolveOperatorTypes();
		nodes = ToNodes(context, *planner.plan);
	});
	return nodes;
}

} // namespace

nb::list Algebra(Session &session, const std::string &sql) {
	auto nodes = WithoutPython([&] { return Plan(session, sql); });
	nb::list result;
	for (auto &node : nodes) {
		result.append(ToPython(node));
	}
	return result;
}

} // namespace cocosql
