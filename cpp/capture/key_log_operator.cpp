#include "capture/key_log_operator.hpp"

#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/execution/expression_executor.hpp"
#include "duckdb/pass_through.hpp"
#include "duckdb/planner/expression/bound_reference_expression.hpp"
#include "duckdb/stored_table.hpp"
#include "duckdb/transactions.hpp"

#include <map>

namespace cocosql {

using namespace duckdb;

namespace {

constexpr const char *OPERATOR_NAME = "COCO_KEY_LOG";

//! A BLOB has 4 GB at most.
constexpr idx_t LARGEST_BLOCK = idx_t(1) << 24;

//! One execution of a statement.
struct StatementState : PassThrough::Execution {
	StatementState(int64_t number, int64_t began) : number(number), began(began) {
	}

	const int64_t number;
	//! When its transaction began.
	const int64_t began;
	std::atomic<bool> all {false};
};

//! Entries of one kind that are not in the log table yet: statements that change few of many rows give a few at a time.
struct Pending {
	//! Their block, but for their count.
	EntryBlock block;
	ShownVectors shown;
	DataChunk found;
	DataChunk kept;
};

struct ThreadState : PassThrough::Thread {
	explicit ThreadState(const vector<LogicalType> &row_types) {
		for (auto chunk : {&rows_left, &rows_taken}) {
			chunk->InitializeEmpty(row_types);
		}
	}

	//! The rows that no action has taken yet, and those that one takes.
	DataChunk rows_left;
	DataChunk rows_taken;
	//! By the operator's expressions; made when they are needed.
	std::map<idx_t, ExpressionExecutor> executors;
	std::map<const KeyedEntry *, Pending> pending;
	//! Where blocks are put together.
	MemoryStream stream;
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
	std::unique_ptr<Thread> BeginThread(ClientContext &, const vector<LogicalType> &types) const override {
		return std::make_unique<ThreadState>(types);
	}
	void Look(ClientContext &context, DataChunk &rows, Execution &execution, Thread &thread) const override {
		auto &statement = static_cast<StatementState &>(execution);
		if (!statement.all && !log->has_gaps) {
			Log(context, rows, statement, static_cast<ThreadState &>(thread));
		}
	}
	void End(ClientContext &context, Thread &thread) const override {
		for (auto &entry : static_cast<ThreadState &>(thread).pending) {
			Flush(context, entry.second, static_cast<ThreadState &>(thread).stream);
		}
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
			Take(context, action, thread);
			if (thread.rows_taken.size() == 0) {
				continue;
			}
			if (action.keys_unknown) {
				AppendAll(context, statement);
				return;
			}
			for (auto &entry : action.entries) {
				AddEntries(context, entry, action.deletes, statement, thread);
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
	void Take(ClientContext &context, const KeyedAction &action, ThreadState &thread) const {
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
		auto matches = Executor(context, condition, thread).SelectExpression(left, yes, no, nullptr, count);
		taken.Slice(left, yes, matches);
		left.Slice(no, count - matches);
	}

	ExpressionExecutor &Executor(ClientContext &context, idx_t expression, ThreadState &thread) const {
		return thread.executors.try_emplace(expression, context, *expressions[expression]).first->second;
	}

	void AddEntries(ClientContext &context, const KeyedEntry &entry, bool deletes, const StatementState &statement,
	                ThreadState &thread) const {
		auto count = thread.rows_taken.size();
		if (!log->TakeRoom(count, CountStored(source))) {
			return;
		}
		auto &pending = PendingOf(entry, deletes, statement, thread);
		auto &found = pending.found;
		for (idx_t i = 0; i < entry.count; i++) {
			Evaluate(context, entry.first + i, thread, found.data[i]);
		}
		found.SetChildCardinality(count);
		bool is_large = count >= STANDARD_VECTOR_SIZE / 2;
		if (is_large || pending.kept.size() + count > STANDARD_VECTOR_SIZE) {
			Flush(context, pending, thread.stream);
		}
		if (is_large) {
			Append(context, pending.block, pending.shown, found, thread.stream);
			return;
		}
		if (pending.kept.ColumnCount() == 0) {
			pending.kept.Initialize(context, found.GetTypes(), NextPowerOfTwo(count));
		}
		pending.kept.Append(found, VectorAppendMode::ALLOW_RESIZE);
	}

	Pending &PendingOf(const KeyedEntry &entry, bool deletes, const StatementState &statement,
	                   ThreadState &thread) const {
		auto [place, is_new] = thread.pending.try_emplace(&entry);
		auto &pending = place->second;
		if (is_new) {
			uint32_t flags = (deletes ? EntryBlock::GONE : 0U) | (entry.has_old ? EntryBlock::HAS_OLD : 0U) |
			                 (entry.has_new ? EntryBlock::HAS_NEW : 0U);
			pending.block = {statement.number, statement.began, 0, flags};
			pending.shown = entry.shown;
			pending.found.InitializeEmpty(Types(entry));
		}
		return pending;
	}

	vector<LogicalType> Types(const KeyedEntry &entry) const {
		vector<LogicalType> types;
		for (idx_t i = 0; i < entry.count; i++) {
			types.push_back(expressions[entry.first + i]->GetReturnType());
		}
		return types;
	}

	//! Nearly all are columns of the rows.
	void Evaluate(ClientContext &context, idx_t expression, ThreadState &thread, Vector &values) const {
		auto &rows = thread.rows_taken;
		if (expressions[expression]->GetExpressionClass() == ExpressionClass::BOUND_REF) {
			values.Reference(rows.data[expressions[expression]->Cast<BoundReferenceExpression>().Index()]);
			return;
		}
		Vector made(values.GetType());
		Executor(context, expression, thread).ExecuteExpression(rows, made);
		values.Reference(made);
	}

	void Flush(ClientContext &context, Pending &pending, MemoryStream &stream) const {
		if (pending.kept.size() > 0) {
			Append(context, pending.block, pending.shown, pending.kept, stream);
			pending.kept.Reset();
		}
	}

	void AppendAll(ClientContext &context, StatementState &statement) const {
		if (statement.all.exchange(true) || !log->TakeRoom(1, CountStored(source))) {
			return;
		}
		DataChunk none;
		MemoryStream stream;
		WriteBlock(stream, {statement.number, statement.began, 1, EntryBlock::ALL}, {}, none);
		AppendBlock(context, stream);
	}

	//! Appends entries as a block, or as several where they have long texts.
	void Append(ClientContext &context, EntryBlock block, const ShownVectors &shown, DataChunk &entries,
	            MemoryStream &stream) const {
		auto count = entries.size();
		block.count = NumericCast<uint32_t>(count);
		stream.Rewind();
		WriteBlock(stream, block, shown, entries);
		if (stream.GetPosition() <= LARGEST_BLOCK || count == 1) {
			AppendBlock(context, stream);
			return;
		}
		for (auto begin : {idx_t(0), count / 2}) {
			DataChunk half;
			half.InitializeEmpty(entries.GetTypes());
			half.Slice(entries, begin, begin == 0 ? count / 2 : count);
			Append(context, block, shown, half, stream);
		}
	}

	//! Where the log table is being altered or dropped the log breaks, and the user's statement need not know.
	void AppendBlock(ClientContext &context, const MemoryStream &stream) const {
		DataChunk row;
		row.Initialize(context, target.GetTypes(), 1);
		FlatVector::GetDataMutable<string_t>(row.data[0])[0] =
		    string_t(const_char_ptr_cast(stream.GetData()), NumericCast<uint32_t>(stream.GetPosition()));
		row.SetChildCardinality(1);
		std::lock_guard<std::mutex> guard(log->appending);
		if (!AppendRows(context, target, row)) {
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
