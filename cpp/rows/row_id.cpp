#include "rows/row_id.hpp"

#include "duckdb/common/types/uhugeint.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"

#include <atomic>

namespace cocosql {

using namespace duckdb;

namespace {

struct Numbers : FunctionData {
	Numbers() : next(make_shared_ptr<std::atomic<uint64_t>>(1)) {
	}
	unique_ptr<FunctionData> Copy() const override {
		return make_uniq<Numbers>(*this);
	}
	bool Equals(const FunctionData &other) const override {
		return next == other.Cast<Numbers>().next;
	}
	shared_ptr<std::atomic<uint64_t>> next;
};

unique_ptr<FunctionData> Bind(BindScalarFunctionInput &) {
	return make_uniq<Numbers>();
}

void Execute(DataChunk &chunk, ExpressionState &state, Vector &result) {
	auto &data = state.expr.Cast<BoundFunctionExpression>().BindInfo()->Cast<Numbers>();
	chunk.Flatten();
	auto versions = FlatVector::GetData<uint64_t>(chunk.data[0]);
	result.SetVectorType(VectorType::FLAT_VECTOR);
	auto ids = FlatVector::GetDataMutable<uhugeint_t>(result);
	auto number = data.next->fetch_add(chunk.size());
	for (idx_t row = 0; row < chunk.size(); row++) {
		ids[row].upper = versions[row];
		ids[row].lower = number++;
	}
	FlatVector::SetSize(result, chunk.size());
}

} // namespace

ScalarFunction RowIdFunction() {
	ScalarFunction function("coco_row_id", {LogicalType::UBIGINT}, LogicalType::UHUGEINT, Execute, Bind);
	function.SetVolatile();
	return function;
}

} // namespace cocosql
