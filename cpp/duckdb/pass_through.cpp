#include "duckdb/pass_through.hpp"

#include "duckdb/execution/physical_operator.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/parallel/thread_context.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

struct ExecutionState : GlobalOperatorState {
	explicit ExecutionState(std::unique_ptr<PassThrough::Execution> execution) : execution(std::move(execution)) {
	}
	std::unique_ptr<PassThrough::Execution> execution;
};

struct ThreadState : OperatorState {
	ThreadState(const PassThrough &pass_through, std::unique_ptr<PassThrough::Thread> thread)
	    : pass_through(pass_through), thread(std::move(thread)) {
	}
	void Finalize(const PhysicalOperator &op, ExecutionContext &context) override {
		pass_through.End(context.client, *thread);
		context.thread.profiler.Flush(op);
	}
	const PassThrough &pass_through;
	std::unique_ptr<PassThrough::Thread> thread;
};

class PhysicalPassThrough : public PhysicalOperator {
public:
	PhysicalPassThrough(PhysicalPlan &plan, vector<LogicalType> types, idx_t cardinality,
	                    std::unique_ptr<PassThrough> pass_through)
	    : PhysicalOperator(plan, PhysicalOperatorType::EXTENSION, std::move(types), cardinality),
	      pass_through(std::move(pass_through)) {
	}

	string GetName() const override {
		return pass_through->Name();
	}
	InsertionOrderPreservingMap<string> ParamsToString() const override {
		InsertionOrderPreservingMap<string> result;
		auto detail = pass_through->Detail();
		result[detail.first] = detail.second;
		SetEstimatedCardinality(result, estimated_cardinality);
		return result;
	}
	bool ParallelOperator() const override {
		return true;
	}
	void InitializeOutputChunk(Allocator &, DataChunk &chunk) const override {
		chunk.InitializeEmpty(types);
	}
	unique_ptr<GlobalOperatorState> GetGlobalOperatorState(ClientContext &context) const override {
		return make_uniq<ExecutionState>(pass_through->Begin(context));
	}
	unique_ptr<OperatorState> GetOperatorState(ExecutionContext &context) const override {
		return make_uniq<ThreadState>(*pass_through,
		                              pass_through->BeginThread(context.client, children[0].get().types));
	}
	OperatorResultType Execute(ExecutionContext &context, DataChunk &input, DataChunk &chunk,
	                           GlobalOperatorState &global, OperatorState &local) const override {
		pass_through->Look(context.client, input, *global.Cast<ExecutionState>().execution,
		                   *local.Cast<ThreadState>().thread);
		for (idx_t i = 0; i < chunk.ColumnCount(); i++) {
			chunk.data[i].Reference(input.data[i]);
		}
		chunk.SetChildCardinality(input.size());
		return OperatorResultType::NEED_MORE_INPUT;
	}

private:
	const std::unique_ptr<PassThrough> pass_through;
};

} // namespace

PhysicalOperator &PlanPassThrough(PhysicalPlanGenerator &planner, LogicalOperator &input,
                                  const vector<LogicalType> &types, std::unique_ptr<PassThrough> pass_through) {
	auto &child = planner.CreatePlan(input);
	auto &plan = planner.Make<PhysicalPassThrough>(types, child.estimated_cardinality, std::move(pass_through));
	plan.children.push_back(child);
	return plan;
}

} // namespace cocosql
