#include "memo/unpack.hpp"

#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/common/vector/list_vector.hpp"
#include "session/names.hpp"

#include <cstring>

namespace cocosql {

using namespace duckdb;

namespace {

void Execute(DataChunk &chunk, ExpressionState &, Vector &result) {
	chunk.Flatten();
	auto blobs = FlatVector::GetData<string_t>(chunk.data[0]);
	result.SetVectorType(VectorType::FLAT_VECTOR);
	auto lists = FlatVector::GetDataMutable<list_entry_t>(result);
	idx_t total = 0;
	for (idx_t row = 0; row < chunk.size(); row++) {
		auto valid = FlatVector::Validity(chunk.data[0]).RowIsValid(row);
		auto count = valid ? blobs[row].GetSize() / sizeof(uhugeint_t) : 0;
		ListVector::Reserve(result, total + count);
		auto values = FlatVector::GetDataMutable<uhugeint_t>(ListVector::GetChildMutable(result));
		if (count > 0) {
			std::memcpy(values + total, blobs[row].GetData(), count * sizeof(uhugeint_t));
		}
		lists[row] = {total, count};
		total += count;
	}
	ListVector::SetListSize(result, total);
	FlatVector::SetSize(result, chunk.size());
}

} // namespace

Value Pack(const FingerprintSet &fingerprints) {
	std::string packed;
	packed.reserve(fingerprints.size() * sizeof(uhugeint_t));
	for (auto &fingerprint : fingerprints) {
		packed.append(reinterpret_cast<const char *>(&fingerprint), sizeof(uhugeint_t));
	}
	return Value::BLOB(const_data_ptr_cast(packed.data()), packed.size());
}

ScalarFunction UnpackFunction() {
	ScalarFunction function("coco_unpack", {LogicalType::BLOB}, LogicalType::LIST(LogicalType::UHUGEINT), Execute,
	                        BindForEngine);
	function.SetVolatile();
	return function;
}

} // namespace cocosql
