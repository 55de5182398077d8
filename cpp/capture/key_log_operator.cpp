#include "capture/key_log_operator.hpp"

#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/common/vector/struct_vector.hpp"
#include "duckdb/execution/expression_executor.hpp"
#include "duckdb/pass_through.hpp"
#include "duckdb/stored_table.hpp"
#include "duckdb/transactions.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

constexpr const char *OPERATOR_NAME = "COCO_KEY_LOG";

//! One execution of a statement.
struct StatementState : PassThrough::Execution {
	StatementState(int64_t number, int64_t began) : number(number), began(began) {
	}

	const int64_t number;
	//! When its transaction began.
	const int64_t began;
	std::atomic<bool> all {false};
};

struct ThreadState : PassThrough::Thread {
	ThreadState(ClientContext &context, const vector<LogicalType> &row_types, const vector<LogicalType> &log_types,
	            const vector<unique_ptr<Expression>> &expressions) {
		for (auto &expression : expressions) {
			executors.push_back(make_uniq<ExpressionExecutor>(context, *expression));
		}
		for (auto chunk : {&rows_left, &rows_taken}) {
			chunk->InitializeEmpty(row_types);
		}
		for (auto chunk : {&found, &keys}) {
			chunk->Initialize(context, log_types);
		}
	}

	vector<unique_ptr<ExpressionExecutor>> executors;
	//! The rows that no action has taken yet, and those that one takes.
	DataChunk rows_left;
	DataChunk rows_taken;
	DataChunk found;
	//! Entries that are not in the log table yet: statements that change few of many rows give a few at a time.
	DataChunk keys;
};

class Logging : public PassThrough {
public:
	Logging(shared_ptr<KeyLog> log, DuckTableEntry &source, DuckTableEntry &target,
	        vector<unique_ptr<Expression>> expressions, KeyedActions actions)
	    : log(std::move(log)), source(source), target(target), expressions(std::move(expressions)),
	      actions(std::move(actions)) {
	}

	std::unique_ptr<Execution> Begin(ClientContext &context) const override {
		return std::make_unique<StatementState>(
		    ++log->statements, NumericCast<int64_t>(StartTime(context, source.ParentCatalog().GetAttached())));
	}
	std::unique_ptr<Thread> BeginThread(ClientContext &context, const vector<LogicalType> &types) const override {
		return std::make_unique<ThreadState>(context, types, target.GetTypes(), expressions);
	}
	void Look(ClientContext &context, DataChunk &rows, Execution &execution, Thread &thread) const override {
		auto &statement = static_cast<StatementState &>(execution);
		if (!statement.all && !log->has_gaps) {
			Log(context, rows, statement, static_cast<ThreadState &>(thread));
		}
	}
	void End(ClientContext &context, Thread &thread) const override {
		Flush(context, static_cast<ThreadState &>(thread).keys);
	}
	std::string Name() const override {
		return OPERATOR_NAME;
	}
	std::pair<std::string, std::string> Detail() const override {
		return {"Log", target.name.GetIdentifierName()};
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
			for (auto &entry : action.entries) {
				AppendEntries(context, entry, action.deletes, statement, thread);
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

	void AppendEntries(ClientContext &context, const KeyedEntry &entry, bool deletes, const StatementState &statement,
	                   ThreadState &thread) const {
		auto count = thread.rows_taken.size();
		if (!log->TakeRoom(count, CountStored(source))) {
			return;
		}
		auto &found = thread.found;
		found.Reset();
		idx_t column = 0;
		for (; column < log->key_columns.size(); column++) {
			thread.executors[entry.key + column]->ExecuteExpression(thread.rows_taken, found.data[column]);
		}
		if (!log->value_columns.empty()) {
			found.data[column++].Reference(Value::BIGINT(statement.number), count_t(count));
			found.data[column++].Reference(Value::BIGINT(statement.began), count_t(count));
			FillValues(entry.old_values, thread, found.data[column++]);
			FillValues(entry.new_values, thread, found.data[column++]);
		}
		found.data[column].Reference(deletes ? Value(LogicalType::BOOLEAN) : Value::BOOLEAN(false), count_t(count));
		found.SetChildCardinality(count);
		bool is_large = count >= STANDARD_VECTOR_SIZE / 2;
		if (is_large || thread.keys.size() + count > STANDARD_VECTOR_SIZE) {
			Flush(context, thread.keys);
		}
		if (is_large) {
			Append(context, found);
		} else {
			thread.keys.Append(found);
		}
	}

	//! Fills a STRUCT with the values that expressions have from a position on.
	void FillValues(optional_idx first, ThreadState &thread, Vector &values) const {
		if (!first.IsValid()) {
			values.Reference(Value(values.GetType()), count_t(thread.rows_taken.size()));
			return;
		}
		auto &fields = StructVector::GetEntries(values);
		for (idx_t i = 0; i < fields.size(); i++) {
			thread.executors[first.GetIndex() + i]->ExecuteExpression(thread.rows_taken, fields[i]);
		}
	}

	void Flush(ClientContext &context, DataChunk &keys) const {
		if (keys.size() > 0) {
			Append(context, keys);
			keys.Reset();
		}
	}

	void AppendAll(ClientContext &context, StatementState &statement) const {
		if (statement.all.exchange(true) || !log->TakeRoom(1, CountStored(source))) {
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
		std::lock_guard<std::mutex> guard(log->appending);
		if (!AppendRows(context, target, rows)) {
			log->has_gaps = true;
		}
	}

	shared_ptr<KeyLog> log;
	DuckTableEntry &source;
	DuckTableEntry &target;
	vector<unique_ptr<Expression>> expressions;
	KeyedActions actions;
};

} // namespace

LogicalKeyLog::LogicalKeyLog(unique_ptr<LogicalOperator> child, shared_ptr<KeyLog> log, DuckTableEntry &source,
                             DuckTableEntry &target, vector<unique_ptr<Expression>> expressions, KeyedActions actions)
    : LogicalExtensionOperator(std::move(expressions)), log(std::move(log)), source(source), target(target),
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
	return PlanPassThrough(planner, *children[0], types,
	                       std::make_unique<Logging>(log, source, target, std::move(expressions), std::move(actions)));
}

string LogicalKeyLog::GetName() const {
	return OPERATOR_NAME;
}

} // namespace cocosql
