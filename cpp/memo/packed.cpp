// A packed vector is its numbers, then, if some elements are NULL, a bit for each that is not, and at last a byte that
// says whether there are such bits.
#include "memo/packed.hpp"

#include "duckdb/common/exception/binder_exception.hpp"
#include "duckdb/common/vector/array_vector.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/common/vector/list_vector.hpp"
#include "duckdb/common/vector/string_vector.hpp"
#include "duckdb/planner/expression.hpp"
#include "session/names.hpp"

#include <cstring>

namespace cocosql {

using namespace duckdb;

namespace {

bool IsArray(const LogicalType &type) {
	return type.id() == LogicalTypeId::ARRAY;
}

const LogicalType &ElementType(const LogicalType &type) {
	return IsArray(type) ? ArrayType::GetChildType(type) : ListType::GetChildType(type);
}

idx_t BitmapSize(idx_t count) {
	return (count + 7) / 8;
}

//! How many elements a packed vector has.
idx_t CountOf(string_t packed, idx_t element_size, bool has_bitmap) {
	auto size = packed.GetSize() - 1;
	auto count = has_bitmap ? size * 8 / (element_size * 8 + 1) : size / element_size;
	if (count * element_size + (has_bitmap ? BitmapSize(count) : 0) != size) {
		throw InvalidInputException("a memoized vector is damaged");
	}
	return count;
}

//! The elements of lists and arrays in a row each.
class Elements {
public:
	explicit Elements(Vector &rows) : type(rows.GetType()), rows(rows) {
		rows.Flatten();
		child = IsArray(type) ? &ArrayVector::GetChildMutable(rows) : &ListVector::GetChildMutable(rows);
		child->Flatten();
	}
	list_entry_t At(idx_t row) const {
		if (IsArray(type)) {
			return {row * ArrayType::GetSize(type), ArrayType::GetSize(type)};
		}
		return FlatVector::GetData<list_entry_t>(rows)[row];
	}
	const Vector &Child() const {
		return *child;
	}

private:
	const LogicalType &type;
	Vector &rows;
	Vector *child;
};

string_t PackElements(const Vector &child, list_entry_t range, Vector &blobs) {
	auto &validity = FlatVector::Validity(child);
	auto all_valid = true;
	for (idx_t i = 0; validity.CanHaveNull() && all_valid && i < range.length; i++) {
		all_valid = validity.RowIsValid(range.offset + i);
	}
	auto element_size = GetTypeIdSize(child.GetType().InternalType());
	auto numbers = range.length * element_size;
	auto bits = all_valid ? 0 : BitmapSize(range.length);
	auto packed = StringVector::EmptyString(blobs, numbers + bits + 1);
	auto *target = packed.GetDataWriteable();
	if (numbers > 0) {
		std::memcpy(target, FlatVector::GetData(child) + range.offset * element_size, numbers);
	}
	std::memset(target + numbers, 0, bits);
	for (idx_t i = 0; !all_valid && i < range.length; i++) {
		if (validity.RowIsValid(range.offset + i)) {
			target[numbers + i / 8] = static_cast<char>(target[numbers + i / 8] | 1 << i % 8);
		}
	}
	target[numbers + bits] = all_valid ? 0 : 1;
	packed.Finalize();
	return packed;
}

void UnpackElements(string_t packed, idx_t count, Vector &child, idx_t first) {
	auto element_size = GetTypeIdSize(child.GetType().InternalType());
	auto *source = packed.GetData();
	if (count > 0) {
		std::memcpy(FlatVector::GetDataMutable(child) + first * element_size, source, count * element_size);
	}
	for (idx_t i = 0; source[packed.GetSize() - 1] != 0 && i < count; i++) {
		if ((source[count * element_size + i / 8] >> i % 8 & 1) == 0) {
			FlatVector::SetNull(child, first + i, true);
		}
	}
}

void Execute(DataChunk &chunk, ExpressionState &, Vector &result) {
	if (chunk.data[0].GetType() == result.GetType()) {
		return result.Reference(chunk.data[0]);
	}
	auto &type = result.GetType();
	auto element_size = GetTypeIdSize(ElementType(type).InternalType());
	UnifiedVectorFormat format;
	chunk.data[0].ToUnifiedFormat(format);
	auto blobs = UnifiedVectorFormat::GetData<string_t>(format);
	result.SetVectorType(VectorType::FLAT_VECTOR);
	idx_t total = 0;
	for (idx_t row = 0; row < chunk.size(); row++) {
		auto index = format.sel->get_index(row);
		if (!format.validity.RowIsValid(index)) {
			FlatVector::SetNull(result, row, true);
			if (!IsArray(type)) {
				FlatVector::GetDataMutable<list_entry_t>(result)[row] = {total, 0};
			}
			continue;
		}
		auto packed = blobs[index];
		if (packed.GetSize() == 0) {
			throw InvalidInputException("a memoized vector is damaged");
		}
		auto count = CountOf(packed, element_size, packed.GetData()[packed.GetSize() - 1] != 0);
		if (IsArray(type)) {
			if (count != ArrayType::GetSize(type)) {
				throw InvalidInputException("a memoized vector is damaged");
			}
			UnpackElements(packed, count, ArrayVector::GetChildMutable(result), row * count);
			continue;
		}
		ListVector::Reserve(result, total + count);
		UnpackElements(packed, count, ListVector::GetChildMutable(result), total);
		FlatVector::GetDataMutable<list_entry_t>(result)[row] = {total, count};
		total += count;
	}
	if (!IsArray(type)) {
		ListVector::SetListSize(result, total);
	}
	FlatVector::SetSize(result, chunk.size());
}

unique_ptr<FunctionData> Bind(BindScalarFunctionInput &input) {
	RequireEngine(input.GetClientContext(), input.GetBoundFunction().GetName());
	auto &stored = input.GetArguments()[0]->GetReturnType();
	auto &type = input.GetArguments()[1]->GetReturnType();
	if (stored != type && !(stored.id() == LogicalTypeId::BLOB && IsPacked(type))) {
		throw BinderException("a memo has no %s for a result %s", stored.ToString(), type.ToString());
	}
	input.GetBoundFunction().SetReturnType(type);
	return nullptr;
}

} // namespace

bool IsPacked(const LogicalType &result) {
	auto is_nested = result.id() == LogicalTypeId::ARRAY || result.id() == LogicalTypeId::LIST;
	if (!is_nested || result.HasAlias()) {
		return false;
	}
	auto element = ElementType(result).id();
	return element == LogicalTypeId::FLOAT || element == LogicalTypeId::DOUBLE;
}

void Pack(Vector &rows, idx_t begin, idx_t end, Vector &blobs, idx_t offset) {
	Elements elements(rows);
	auto target = FlatVector::GetDataMutable<string_t>(blobs);
	for (auto row = begin; row < end; row++) {
		auto to = offset + row - begin;
		if (FlatVector::IsNull(rows, row)) {
			FlatVector::SetNull(blobs, to, true);
		} else {
			target[to] = PackElements(elements.Child(), elements.At(row), blobs);
		}
	}
}

ScalarFunction UnpackedFunction() {
	ScalarFunction function("coco_unpacked", {LogicalType::ANY, LogicalType::ANY}, LogicalType::ANY, Execute, Bind);
	function.SetFallible();
	function.SetNullHandling(FunctionNullHandling::SPECIAL_HANDLING);
	return function;
}

} // namespace cocosql
