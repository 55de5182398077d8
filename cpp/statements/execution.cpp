#include "statements/execution.hpp"

#include "python/errors.hpp"
#include "session/caller.hpp"
#include "session/session.hpp"
#include "values/values.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

namespace cocosql {

using namespace duckdb;

namespace {

struct StatementInfo : TableFunctionInfo {
	StatementInfo(const StatementKind &kind, shared_ptr<Statement> statement)
	    : kind(kind), statement(std::move(statement)) {
	}
	const StatementKind &kind;
	shared_ptr<Statement> statement;
};

struct StatementBindData : TableFunctionData {
	explicit StatementBindData(const StatementInfo &info) : kind(info.kind), statement(info.statement) {
	}
	const StatementKind &kind;
	shared_ptr<Statement> statement;
};

struct StatementState : GlobalTableFunctionState {
	vector<vector<Value>> rows;
	idx_t position = 0;
};

nb::dict Fields(const Statement &statement) {
	nb::dict options;
	for (auto &option : statement.options) {
		options[option.first.c_str()] = option.second;
	}
	nb::dict fields;
	fields["names"] = statement.names;
	fields["columns"] = statement.columns;
	fields["options"] = options;
	fields["reset"] = statement.reset;
	fields["query"] = statement.query;
	fields["rename_to"] = statement.rename_to;
	fields["or_replace"] = statement.or_replace;
	fields["if_not_exists"] = statement.if_not_exists;
	fields["if_exists"] = statement.if_exists;
	fields["cascade"] = statement.cascade;
	fields["with_data"] = statement.with_data;
	fields["full"] = statement.full;
	fields["all"] = statement.all;
	return fields;
}

unique_ptr<FunctionData> Bind(ClientContext &, TableFunctionBindInput &input, vector<LogicalType> &types,
                              vector<Identifier> &names) {
	auto &info = input.info->Cast<StatementInfo>();
	for (auto &column : info.kind.columns) {
		names.emplace_back(column.first);
		types.emplace_back(column.second);
	}
	if (names.empty()) {
		names.emplace_back("Success");
		types.emplace_back(LogicalType::BOOLEAN);
	}
	return make_uniq<StatementBindData>(info);
}

void RefuseInTransaction(ClientContext &context, const StatementKind &kind) {
	if (!kind.reads_only && !context.transaction.IsAutoCommit()) {
		throw TransactionException("this statement runs in a transaction of its own and cannot be part of an explicit "
		                           "one: COMMIT or ROLLBACK first");
	}
}

void Run(ClientContext &context, const StatementBindData &data, StatementState &state) {
	RefuseInTransaction(context, data.kind);
	WithPython([&] {
		auto run = nb::module_::import_("cocosql.statements").attr("run");
		auto rows = run(std::make_unique<Session>(context), data.kind.name, Fields(*data.statement), Caller(context));
		for (auto row : rows) {
			vector<Value> values;
			idx_t column = 0;
			for (auto value : row) {
				values.push_back(ToValue(value, data.kind.columns[column++].second));
			}
			state.rows.push_back(std::move(values));
		}
	});
}

unique_ptr<GlobalTableFunctionState> Init(ClientContext &context, TableFunctionInitInput &input) {
	auto state = make_uniq<StatementState>();
	Run(context, input.bind_data->Cast<StatementBindData>(), *state);
	return std::move(state);
}

void Execute(ClientContext &, TableFunctionInput &input, DataChunk &output) {
	auto &state = input.global_state->Cast<StatementState>();
	idx_t count = 0;
	while (state.position < state.rows.size() && count < STANDARD_VECTOR_SIZE) {
		auto &row = state.rows[state.position++];
		for (idx_t column = 0; column < row.size(); column++) {
			output.data[column].SetValue(count, row[column]);
		}
		count++;
	}
	output.SetChildCardinality(count);
}

} // namespace

StatementPlan PlanExecution(const StatementKind &kind, shared_ptr<Statement> statement) {
	TableFunction function("coco_statement", vector<LogicalType> {}, Execute, Bind, Init);
	// The statement runs where its execution begins: on the caller's thread, where Python delivers Ctrl-C.
	function.global_initialization = TableFunctionInitialization::INITIALIZE_ON_SCHEDULE;
	function.function_info = make_shared_ptr<StatementInfo>(kind, std::move(statement));
	return {std::move(function),
	        kind.columns.empty() ? StatementReturnType::NOTHING : StatementReturnType::QUERY_RESULT};
}

} // namespace cocosql
