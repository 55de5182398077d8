#include "capture/part.hpp"

#include "duckdb/common/vector/flat_vector.hpp"
#include "session/names.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace cocosql {

using namespace duckdb;

namespace {

struct Range {
	int64_t begin;
	int64_t end;
	int64_t part;
};

std::vector<Range> ReadRanges(const string_t &blob) {
	std::vector<Range> ranges(blob.GetSize() / sizeof(Range));
	std::memcpy(ranges.data(), blob.GetData(), ranges.size() * sizeof(Range));
	return ranges;
}

//! Rows come in the order in which they are stored: the next is mostly in the range of the last.
class Finder {
public:
	explicit Finder(const std::vector<Range> &ranges) : ranges(ranges), last(ranges.end()) {
	}

	//! Null if the row is in none.
	const Range *Find(int64_t row) {
		if (last == ranges.end() || row < last->begin || row >= last->end) {
			last = std::upper_bound(ranges.begin(), ranges.end(), row,
			                        [](int64_t value, const Range &range) { return value < range.end; });
		}
		return last != ranges.end() && row >= last->begin ? &*last : nullptr;
	}

private:
	const std::vector<Range> &ranges;
	std::vector<Range>::const_iterator last;
};

void Execute(DataChunk &chunk, ExpressionState &, Vector &result) {
	result.SetVectorType(VectorType::FLAT_VECTOR);
	auto parts = FlatVector::GetDataMutable<int64_t>(result);
	auto count = chunk.size();
	if (count > 0) {
		auto ranges = ReadRanges(chunk.data[1].GetValue(0).GetValueUnsafe<string_t>());
		chunk.data[0].Flatten();
		auto rows = FlatVector::GetData<int64_t>(chunk.data[0]);
		Finder finder(ranges);
		for (idx_t i = 0; i < count; i++) {
			auto range = finder.Find(rows[i]);
			parts[i] = range ? range->part : 0;
			FlatVector::ValidityMutable(result).Set(i, range != nullptr);
		}
	}
	FlatVector::SetSize(result, count);
}

} // namespace

ScalarFunction PartFunction() {
	return ScalarFunction("coco_part", {LogicalType::BIGINT, LogicalType::BLOB}, LogicalType::BIGINT, Execute,
	                      BindForEngine);
}

} // namespace cocosql
