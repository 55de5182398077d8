#include "rows/row_id.hpp"

#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "session/kept_plans.hpp"
#include "session/names.hpp"

#include <atomic>

namespace cocosql {

using namespace duckdb;

namespace {

struct Numbers : FunctionData {
	Numbers() : given(make_shared_ptr<std::atomic<uint64_t>>(0)) {
	}
	unique_ptr<FunctionData> Copy() const override {
		return make_uniq<Numbers>(*this);
	}
	bool Equals(const FunctionData &other) const override {
		return given == other.Cast<Numbers>().given;
	}
	//! How many.
	shared_ptr<std::atomic<uint64_t>> given;
};

unique_ptr<FunctionData> Bind(BindScalarFunctionInput &input) {
	RequireEngine(input.GetClientContext(), input.GetBoundFunction().GetName());
	UsePlanOnce(input.GetClientContext());
	return make_uniq<Numbers>();
}

void Execute(DataChunk &chunk, ExpressionState &state, Vector &result) {
	auto &data = state.expr.Cast<BoundFunctionExpression>().BindInfo()->Cast<Numbers>();
	chunk.Flatten();
	auto first = FlatVector::GetData<int64_t>(chunk.data[0]);
	result.SetVectorType(VectorType::FLAT_VECTOR);
	auto ids = FlatVector::GetDataMutable<int64_t>(result);
	auto number = data.given->fetch_add(chunk.size());
	for (idx_t row = 0; row < chunk.size(); row++) {
		ids[row] = static_cast<int64_t>(static_cast<uint64_t>(first[row]) + number++);
	}
	FlatVector::SetSize(result, chunk.size());
}

} // namespace

ScalarFunction RowIdFunction() {
	ScalarFunction function("coco_row_id", {LogicalType::BIGINT}, LogicalType::BIGINT, Execute, Bind);
	function.SetVolatile();
	return function;
}

} // namespace cocosql
