#include "capture/key_log_operator.hpp"

#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/execution/expression_executor.hpp"
#include "duckdb/execution/physical_operator.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/parallel/thread_context.hpp"
#include "duckdb/storage/data_table.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

//! Beyond it a statement logs that all rows must be looked at, which costs a reader less than so many keys.
constexpr idx_t MOST_KEYS = 100000;

//! One execution of a statement.
struct StatementState : GlobalOperatorState {
	std::atomic<idx_t> logged {0};
	std::atomic<bool> all {false};
};

struct ThreadState : OperatorState {
	ThreadState(ClientContext &context, const vector<LogicalType> &row_types, const vector<LogicalType> &log_types,
	            const vector<unique_ptr<Expression>> &expressions) {
		for (auto &expression : expressions) {
			executors.push_back(make_uniq<ExpressionExecutor>(context, *expression));
		}
		for (auto chunk : {&rows_left, &rows_taken}) {
			chunk->InitializeEmpty(row_types);
		}
		keys.Initialize(context, log_types);
	}

	void Finalize(const PhysicalOperator &op, ExecutionContext &context) override {
		context.thread.profiler.Flush(op);
	}

	vector<unique_ptr<ExpressionExecutor>> executors;
	//! The rows that no action has taken yet, and those that one takes.
	DataChunk rows_left;
	DataChunk rows_taken;
	DataChunk keys;
};

class PhysicalKeyLog : public PhysicalOperator {
public:
	PhysicalKeyLog(PhysicalPlan &plan, vector<LogicalType> types, idx_t cardinality, shared_ptr<KeyLog> log,
	               DuckTableEntry &target, vector<unique_ptr<Expression>> expressions, KeyedActions actions)
	    : PhysicalOperator(plan, PhysicalOperatorType::EXTENSION, std::move(types), cardinality), log(std::move(log)),
	      target(target), expressions(std::move(expressions)), actions(std::move(actions)) {
	}

	string GetName() const override {
		return "COCO_KEY_LOG";
	}
	InsertionOrderPreservingMap<string> ParamsToString() const override {
		InsertionOrderPreservingMap<string> result;
		result["Log"] = target.name.GetIdentifierName();
		SetEstimatedCardinality(result, estimated_cardinality);
		return result;
	}
	bool ParallelOperator() const override {
		return true;
	}
	void InitializeOutputChunk(Allocator &, DataChunk &chunk) const override {
		chunk.InitializeEmpty(types);
	}
	unique_ptr<GlobalOperatorState> GetGlobalOperatorState(ClientContext &) const override {
		return make_uniq<StatementState>();
	}
	unique_ptr<OperatorState> GetOperatorState(ExecutionContext &context) const override {
		return make_uniq<ThreadState>(context.client, children[0].get().types, target.GetTypes(), expressions);
	}
	OperatorResultType Execute(ExecutionContext &context, DataChunk &input, DataChunk &chunk,
	                           GlobalOperatorState &global, OperatorState &local) const override {
		auto &statement = global.Cast<StatementState>();
		if (!statement.all) {
			Log(context.client, input, statement, local.Cast<ThreadState>());
		}
		for (idx_t i = 0; i < chunk.ColumnCount(); i++) {
			chunk.data[i].Reference(input.data[i]);
		}
		chunk.SetChildCardinality(input.size());
		return OperatorResultType::NEED_MORE_INPUT;
	}

private:
	void Log(ClientContext &context, DataChunk &input, StatementState &statement, ThreadState &thread) const {
		optional<MergeActionCondition> of;
		bool first = true;
		for (auto &action : actions.list) {
			if (first || action.of != of) {
				SelectRows(input, action.of, thread);
				of = action.of;
				first = false;
			}
			Take(action, thread);
			if (thread.rows_taken.size() == 0) {
				continue;
			}
			if (action.untold) {
				AppendAll(context, statement);
				return;
			}
			for (auto key : action.keys) {
				AppendKeys(context, key, action.deletes, statement, thread);
			}
		}
	}

	//! Fills rows_left with the rows of a kind: PhysicalMergeInto::ComputeMatches tells them apart in the same way.
	void SelectRows(DataChunk &input, const optional<MergeActionCondition> &of, ThreadState &thread) const {
		if (!of) {
			thread.rows_left.Reference(input);
			return;
		}
		auto targets = input.data[actions.target_marker.GetIndex()].Validity();
		SelectionVector selected(STANDARD_VECTOR_SIZE);
		idx_t count = 0;
		for (idx_t row = 0; row < input.size(); row++) {
			auto kind = targets.IsValid(row) ? MergeActionCondition::WHEN_MATCHED
			                                 : MergeActionCondition::WHEN_NOT_MATCHED_BY_TARGET;
			if (actions.source_marker.IsValid() &&
			    !input.data[actions.source_marker.GetIndex()].Validity().IsValid(row)) {
				kind = MergeActionCondition::WHEN_NOT_MATCHED_BY_SOURCE;
			}
			if (kind == *of) {
				selected.set_index(count++, row);
			}
		}
		thread.rows_left.Slice(input, selected, count);
	}

	//! Moves the rows that take the action from rows_left to rows_taken. A condition that may say something else the next
	//! time, when it is MERGE that asks, counts as both.
	void Take(const KeyedAction &action, ThreadState &thread) const {
		auto &left = thread.rows_left;
		auto &taken = thread.rows_taken;
		if (!action.condition.IsValid() || left.size() == 0) {
			taken.Reference(left);
			left.SetCardinalityUnsafe(0);
			return;
		}
		auto condition = action.condition.GetIndex();
		if (expressions[condition]->IsVolatile()) {
			taken.Reference(left);
			return;
		}
		SelectionVector yes(STANDARD_VECTOR_SIZE);
		SelectionVector no(STANDARD_VECTOR_SIZE);
		auto count = left.size();
		auto matches = thread.executors[condition]->SelectExpression(left, yes, no, nullptr, count);
		taken.Slice(left, yes, matches);
		left.Slice(no, count - matches);
	}

	void AppendKeys(ClientContext &context, idx_t first, bool deletes, StatementState &statement,
	                ThreadState &thread) const {
		auto count = thread.rows_taken.size();
		if (statement.logged.fetch_add(count) + count > MOST_KEYS) {
			AppendAll(context, statement);
			return;
		}
		auto &keys = thread.keys;
		keys.Reset();
		auto columns = keys.ColumnCount() - 1;
		for (idx_t i = 0; i < columns; i++) {
			thread.executors[first + i]->ExecuteExpression(thread.rows_taken, keys.data[i]);
		}
		keys.data[columns].Reference(deletes ? Value(LogicalType::BOOLEAN) : Value::BOOLEAN(false), count_t(count));
		keys.SetChildCardinality(count);
		Append(context, keys);
	}

	void AppendAll(ClientContext &context, StatementState &statement) const {
		if (statement.all.exchange(true)) {
			return;
		}
		DataChunk row;
		row.InitializeEmpty(target.GetTypes());
		for (auto &column : row.data) {
			column.Reference(Value(column.GetType()), count_t(1));
		}
		row.data.back().Reference(Value::BOOLEAN(true), count_t(1));
		row.SetChildCardinality(1);
		Append(context, row);
	}

	//! Where the log table is being altered or dropped the log breaks, and the user's statement need not know.
	void Append(ClientContext &context, DataChunk &rows) const {
		rows.Flatten();
		auto &storage = target.GetStorage();
		std::lock_guard<std::mutex> guard(log->appending);
		if (!storage.IsMainTable()) {
			log->lost_keys = true;
			return;
		}
		storage.LocalAppend(target, context, rows, {}, true);
	}

	shared_ptr<KeyLog> log;
	DuckTableEntry &target;
	vector<unique_ptr<Expression>> expressions;
	KeyedActions actions;
};

} // namespace

LogicalKeyLog::LogicalKeyLog(unique_ptr<LogicalOperator> child, shared_ptr<KeyLog> log, DuckTableEntry &target,
                             vector<unique_ptr<Expression>> expressions, KeyedActions actions)
    : LogicalExtensionOperator(std::move(expressions)), log(std::move(log)), target(target),
      actions(std::move(actions)) {
	children.push_back(std::move(child));
}

vector<ColumnBinding> LogicalKeyLog::GetColumnBindings() {
	auto bindings = children[0]->GetColumnBindings();
	if (width.IsValid()) {
		bindings.resize(width.GetIndex());
	}
	return bindings;
}

void LogicalKeyLog::ResolveTypes() {
	types = children[0]->types;
	if (width.IsValid()) {
		types.resize(width.GetIndex());
	}
}

PhysicalOperator &LogicalKeyLog::CreatePlan(ClientContext &, PhysicalPlanGenerator &planner) {
	auto &child = planner.CreatePlan(*children[0]);
	auto &plan = planner.Make<PhysicalKeyLog>(types, child.estimated_cardinality, log, target, std::move(expressions),
	                                          std::move(actions));
	plan.children.push_back(child);
	return plan;
}

string LogicalKeyLog::GetName() const {
	return "COCO_KEY_LOG";
}

} // namespace cocosql
