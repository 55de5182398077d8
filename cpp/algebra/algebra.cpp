#include "algebra/algebra.hpp"

#include "algebra/plan.hpp"
#include "algebra/tidy.hpp"
#include "duckdb/main/client_config.hpp"
#include "duckdb/main/settings.hpp"
#include "duckdb/parser/expression/type_expression.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/planner/operator/logical_comparison_join.hpp"
#include "duckdb/planner/planner.hpp"
#include "functions/consistent_calls.hpp"
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

std::string TypeText(const LogicalType &type) {
	return TypeExpression::CanRepresent(type) ? TypeExpression::FromLogicalType(type)->ToString() : type.ToString();
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
		columns.append(nb::make_tuple(column.name, TypeText(column.type)));
	}
	result["columns"] = columns;
	result.update(ToPython(node.fields));
	return result;
}

//! The settings under which the query is planned, as long as this lives.
class Planning {
public:
	//! Optimized, correlated subqueries take fewer joins; but rows with lists are told apart by their numbers.
	Planning(ClientContext &context, bool optimized) : settings(ClientConfig::GetConfig(context).user_settings) {
		Set<EnableOptimizerSetting>(Value::BOOLEAN(optimized));
		Set<DelimJoinAsCteSetting>(Value::BOOLEAN(true));
		// PIVOT by filtered aggregates, however many values there are.
		Set<PivotFilterThresholdSetting>(Value::UBIGINT(NumericLimits<int32_t>::Maximum()));
	}
	~Planning() {
		for (auto index : changed) {
			settings.ClearSetting(index);
		}
	}
	Planning(const Planning &) = delete;
	Planning &operator=(const Planning &) = delete;

private:
	template <class SETTING>
	void Set(Value value) {
		settings.SetUserSetting(SETTING::SettingIndex, std::move(value));
		changed.push_back(SETTING::SettingIndex);
	}

	LocalUserSettings &settings;
	std::vector<idx_t> changed;
};

unique_ptr<LogicalOperator> Bind(ClientContext &context, const SQLStatement &statement, bool optimized) {
	Planning planning(context, optimized);
	Planner planner(context);
	planner.CreatePlan(statement.Copy());
	planner.plan->ResolveOperatorTypes();
	return std::move(planner.plan);
}

//! Whether rows are told apart by numbers that the planner gave them.
bool HasRowNumbers(const LogicalOperator &op) {
	if (op.type == LogicalOperatorType::LOGICAL_COMPARISON_JOIN) {
		for (auto &condition : op.Cast<LogicalComparisonJoin>().conditions) {
			if (condition.IsComparison() && condition.GetLHS().GetAlias() == Identifier("delim_index")) {
				return true;
			}
		}
	}
	for (auto &child : op.children) {
		if (HasRowNumbers(*child)) {
			return true;
		}
	}
	return false;
}

unique_ptr<LogicalOperator> Bind(ClientContext &context, const SQLStatement &statement, const SearchPath &path) {
	UserNames user(context, path);
	auto plan = Bind(context, statement, true);
	return HasRowNumbers(*plan) ? Bind(context, statement, false) : std::move(plan);
}

//! A CTE of the whole query may be a statement that writes: DELETE, COPY … TO a file.
void CheckReadsOnly(const SelectStatement &statement) {
	for (auto &entry : statement.node->cte_map.map) {
		auto type = entry.second->query_node ? entry.second->query_node->type : QueryNodeType::SELECT_NODE;
		if (type != QueryNodeType::SELECT_NODE && type != QueryNodeType::SET_OPERATION_NODE &&
		    type != QueryNodeType::RECURSIVE_CTE_NODE) {
			throw InvalidInputException("an incremental view only reads: its WITH clause has a statement that writes (%s)",
			                            entry.first.GetIdentifierName());
		}
	}
}

std::vector<Node> Plan(Session &session, const std::string &sql, const SearchPath &path) {
	auto statements = session.connection.ExtractStatements(sql);
	if (statements.size() != 1 || statements[0]->type != StatementType::SELECT_STATEMENT) {
		throw InvalidInputException("expected one SELECT");
	}
	if (!statements[0]->named_param_map.empty()) {
		throw InvalidInputException("parameters (? or $1) cannot be part of a view: write the value");
	}
	CheckReadsOnly(statements[0]->Cast<SelectStatement>());
	auto &context = *session.connection.context;
	std::vector<Node> nodes;
	ConsistentCalls consistent(context);
	context.RunFunctionInTransaction([&] {
		auto plan = Bind(context, *statements[0], path);
		nodes = Tidy(ToNodes(context, *plan));
	});
	return nodes;
}

} // namespace

nb::list Algebra(Session &session, const std::string &sql, const SearchPath &path) {
	auto nodes = WithoutPython([&] { return Plan(session, sql, path); });
	nb::list result;
	for (auto &node : nodes) {
		result.append(ToPython(node));
	}
	return result;
}

} // namespace cocosql
