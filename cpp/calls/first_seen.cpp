#include "calls/first_seen.hpp"

#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "fingerprint/fingerprint_table.hpp"
#include "session/kept_plans.hpp"
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

struct SeenData : FunctionData {
	SeenData() : seen(make_shared_ptr<Seen>()) {
	}
	unique_ptr<FunctionData> Copy() const override {
		return make_uniq<SeenData>(*this);
	}
	bool Equals(const FunctionData &other) const override {
		return seen == other.Cast<SeenData>().seen;
	}
	shared_ptr<Seen> seen;
};

unique_ptr<FunctionData> Bind(BindScalarFunctionInput &input) {
	RequireEngine(input.GetClientContext(), input.GetBoundFunction().GetName());
	UsePlanOnce(input.GetClientContext());
	return make_uniq<SeenData>();
}

void Execute(DataChunk &chunk, ExpressionState &state, Vector &result) {
	auto &data = state.expr.Cast<BoundFunctionExpression>().BindInfo()->Cast<SeenData>();
	chunk.Flatten();
	auto fingerprints = FlatVector::GetData<uhugeint_t>(chunk.data[0]);
	result.SetVectorType(VectorType::FLAT_VECTOR);
	auto first = FlatVector::GetDataMutable<bool>(result);
	for (idx_t row = 0; row < chunk.size(); row++) {
		first[row] = data.seen->Insert(fingerprints[row]);
	}
	FlatVector::SetSize(result, chunk.size());
}

} // namespace

ScalarFunction FirstSeenFunction() {
	ScalarFunction function("coco_first_seen", {LogicalType::UHUGEINT}, LogicalType::BOOLEAN, Execute, Bind);
	function.SetVolatile();
	return function;
}

} // namespace cocosql
