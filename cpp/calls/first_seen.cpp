#include "calls/first_seen.hpp"

#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "fingerprint/fingerprint_table.hpp"
#include "session/names.hpp"

#include <array>
#include <mutex>

namespace cocosql {

using namespace duckdb;

namespace {

//! What all threads of a query have seen.
class Seen {
public:
	bool Insert(uhugeint_t fingerprint) {
		auto &shard = shards[fingerprint.upper % shards.size()];
		std::lock_guard<std::mutex> guard(shard.mutex);
		return shard.table.Insert(fingerprint);
	}

private:
	struct Shard {
		std::mutex mutex;
		FingerprintTable table;
	};
	std::array<Shard, 64> shards;
};

//! What the last query of a plan has seen: the plan may run again.
class LastSeen {
public:
	shared_ptr<Seen> Of(idx_t query) {
		std::lock_guard<std::mutex> guard(mutex);
		if (!seen || last != query) {
			seen = make_shared_ptr<Seen>();
			last = query;
		}
		return seen;
	}

private:
	std::mutex mutex;
	shared_ptr<Seen> seen;
	idx_t last = 0;
};

struct SeenData : FunctionData {
	SeenData() : last(make_shared_ptr<LastSeen>()) {
	}
	unique_ptr<FunctionData> Copy() const override {
		return make_uniq<SeenData>(*this);
	}
	bool Equals(const FunctionData &other) const override {
		return last == other.Cast<SeenData>().last;
	}
	shared_ptr<LastSeen> last;
};

//! Of a thread.
struct SeenState : FunctionLocalState {
	explicit SeenState(shared_ptr<Seen> seen) : seen(std::move(seen)) {
	}
	const shared_ptr<Seen> seen;
};

unique_ptr<FunctionData> Bind(BindScalarFunctionInput &input) {
	RequireEngine(input.GetClientContext(), input.GetBoundFunction().GetName());
	return make_uniq<SeenData>();
}

unique_ptr<FunctionLocalState> InitState(ExpressionState &state, const BoundFunctionExpression &, FunctionData *data) {
	return make_uniq<SeenState>(data->Cast<SeenData>().last->Of(state.GetContext().transaction.GetActiveQuery()));
}

void Execute(DataChunk &chunk, ExpressionState &state, Vector &result) {
	auto &seen = *ExecuteFunctionState::GetFunctionState(state)->Cast<SeenState>().seen;
	chunk.Flatten();
	auto fingerprints = FlatVector::GetData<uhugeint_t>(chunk.data[0]);
	result.SetVectorType(VectorType::FLAT_VECTOR);
	auto first = FlatVector::GetDataMutable<bool>(result);
	for (idx_t row = 0; row < chunk.size(); row++) {
		first[row] = seen.Insert(fingerprints[row]);
	}
	FlatVector::SetSize(result, chunk.size());
}

} // namespace

ScalarFunction FirstSeenFunction() {
	ScalarFunction function("coco_first_seen", {LogicalType::UHUGEINT}, LogicalType::BOOLEAN, Execute, Bind, nullptr,
	                        InitState);
	function.SetVolatile();
	return function;
}

} // namespace cocosql
