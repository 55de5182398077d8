// Fingerprints: every value is encoded injectively (a type tag, then its bytes, lengths first), and the row's
// encoding is hashed. Fingerprints are stored, so neither the encoding nor the tags may ever change.
#include "fingerprint/fingerprint.hpp"

#include "fingerprint/hash128.hpp"

#include "duckdb/common/types/variant_iterator.hpp"
#include "duckdb/common/vector/array_vector.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/common/vector/list_vector.hpp"
#include "duckdb/common/vector/struct_vector.hpp"
#include "duckdb/execution/expression_executor.hpp"

#include <cstring>
#include <memory>
#include <vector>

namespace cocosql {

using duckdb::idx_t;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::PhysicalType;
using duckdb::string_t;
using duckdb::VariantLogicalType;
using duckdb::Vector;

namespace {

// Tags are DuckDB's type ids, which are stable as they are stored in its files. No type has the id 0.
constexpr uint8_t kNull = 0;

//! The bytes of the encoding; cleared and reused row after row
class RowBuffer {
public:
	void Clear() {
		size = 0;
	}

	const uint8_t *Data() const {
		return bytes.get();
	}

	size_t Size() const {
		return size;
	}

	uint8_t *Extend(size_t count) {
		if (count > capacity - size) {
			Grow(size + count);
		}
		uint8_t *end = bytes.get() + size;
		size += count;
		return end;
	}

	template <class T>
	void Put(T value) {
		std::memcpy(Extend(sizeof(T)), &value, sizeof(T));
	}

	void PutBytes(const void *from, size_t count) {
		if (count > 0) {
			std::memcpy(Extend(count), from, count);
		}
	}

	void PutString(const char *data, uint32_t length) {
		Put(length);
		PutBytes(data, length);
	}

	void PutString(const string_t &text) {
		PutString(text.GetData(), static_cast<uint32_t>(text.GetSize()));
	}

private:
	void Grow(size_t needed) {
		const size_t new_capacity = std::max(needed, capacity * 2);
		auto grown = std::make_unique<uint8_t[]>(new_capacity);
		std::memcpy(grown.get(), bytes.get(), size);
		bytes = std::move(grown);
		capacity = new_capacity;
	}

	size_t size = 0;
	size_t capacity = 256;
	std::unique_ptr<uint8_t[]> bytes = std::make_unique<uint8_t[]>(256);
};

//===--------------------------------------------------------------------===//
// VARIANT
//===--------------------------------------------------------------------===//
size_t VariantWidth(VariantLogicalType type) {
	switch (type) {
	case VariantLogicalType::VARIANT_NULL:
	case VariantLogicalType::BOOL_TRUE:
	case VariantLogicalType::BOOL_FALSE:
		return 0;
	case VariantLogicalType::INT8:
	case VariantLogicalType::UINT8:
		return 1;
	case VariantLogicalType::INT16:
	case VariantLogicalType::UINT16:
		return 2;
	case VariantLogicalType::INT32:
	case VariantLogicalType::UINT32:
	case VariantLogicalType::DATE:
		return 4;
	case VariantLogicalType::INT128:
	case VariantLogicalType::UINT128:
	case VariantLogicalType::UUID:
	case VariantLogicalType::INTERVAL:
		return 16;
	default:
		return 8;
	}
}

duckdb::hugeint_t WidenDecimal(PhysicalType type, const void *from) {
	switch (type) {
	case PhysicalType::INT16:
		return duckdb::hugeint_t(duckdb::Load<int16_t>(duckdb::const_data_ptr_cast(from)));
	case PhysicalType::INT32:
		return duckdb::hugeint_t(duckdb::Load<int32_t>(duckdb::const_data_ptr_cast(from)));
	case PhysicalType::INT64:
		return duckdb::hugeint_t(duckdb::Load<int64_t>(duckdb::const_data_ptr_cast(from)));
	default:
		return duckdb::Load<duckdb::hugeint_t>(duckdb::const_data_ptr_cast(from));
	}
}

void EncodeVariant(const duckdb::VariantNode &node, RowBuffer &out);

void EncodeVariantObject(const duckdb::VariantNode &node, RowBuffer &out) {
	const auto entries = node.GetObjectChildren(duckdb::VariantIterationOrder::LEXICOGRAPHIC);
	for (const auto &entry : entries) {
		out.Put<uint8_t>(1); // one more entry
		out.PutString(entry.key);
		EncodeVariant(entry.value, out);
	}
	out.Put<uint8_t>(0);
}

void EncodeVariantArray(const duckdb::VariantNode &node, RowBuffer &out) {
	const auto elements = node.GetArrayChildren();
	out.Put<uint64_t>(elements.size());
	for (idx_t i = 0; i < elements.size(); i++) {
		EncodeVariant(elements[i], out);
	}
}

void EncodeVariantDecimal(const duckdb::VariantNode &node, RowBuffer &out) {
	const auto decimal = node.GetDecimal();
	out.Put(static_cast<uint8_t>(decimal.scale));
	out.Put(WidenDecimal(decimal.GetPhysicalType(), decimal.value_ptr));
}

void EncodeVariant(const duckdb::VariantNode &node, RowBuffer &out) {
	const auto type = node.IsMissing() ? VariantLogicalType::VARIANT_NULL : node.GetTypeId();
	out.Put(static_cast<uint8_t>(type));
	switch (type) {
	case VariantLogicalType::OBJECT:
		return EncodeVariantObject(node, out);
	case VariantLogicalType::ARRAY:
		return EncodeVariantArray(node, out);
	case VariantLogicalType::DECIMAL:
		return EncodeVariantDecimal(node, out);
	case VariantLogicalType::FLOAT:
		return out.Put(node.GetData<float>());
	case VariantLogicalType::DOUBLE:
		return out.Put(node.GetData<double>());
	case VariantLogicalType::VARCHAR:
	case VariantLogicalType::BLOB:
	case VariantLogicalType::BIGNUM:
	case VariantLogicalType::BITSTRING:
	case VariantLogicalType::GEOMETRY:
		return out.PutString(node.GetString());
	default:
		const auto width = VariantWidth(type);
		return width == 0 ? void() : out.PutBytes(node.GetDataPointer(), width);
	}
}

//===--------------------------------------------------------------------===//
// Columns
//===--------------------------------------------------------------------===//
//! How the values of a type are encoded
enum class Layout : uint8_t {
	NOTHING, // all values are NULL
	BOOL,
	FIXED_1,
	FIXED_2,
	FIXED_4,
	FIXED_8,
	FIXED_16,
	FLOAT,
	DOUBLE,
	DECIMAL,
	STRING,
	ENUM,
	LIST,
	ARRAY,
	STRUCT,
	UNION,
	VARIANT
};

Layout PhysicalLayout(PhysicalType type) {
	switch (type) {
	case PhysicalType::INT8:
	case PhysicalType::UINT8:
		return Layout::FIXED_1;
	case PhysicalType::INT16:
	case PhysicalType::UINT16:
		return Layout::FIXED_2;
	case PhysicalType::INT32:
	case PhysicalType::UINT32:
		return Layout::FIXED_4;
	case PhysicalType::INT64:
	case PhysicalType::UINT64:
		return Layout::FIXED_8;
	case PhysicalType::INT128:
	case PhysicalType::UINT128:
	case PhysicalType::INTERVAL:
		return Layout::FIXED_16;
	case PhysicalType::BOOL:
		return Layout::BOOL;
	case PhysicalType::FLOAT:
		return Layout::FLOAT;
	case PhysicalType::DOUBLE:
		return Layout::DOUBLE;
	case PhysicalType::VARCHAR:
		return Layout::STRING;
	case PhysicalType::LIST:
		return Layout::LIST;
	case PhysicalType::ARRAY:
		return Layout::ARRAY;
	case PhysicalType::STRUCT:
		return Layout::STRUCT;
	default:
		throw duckdb::InternalException("coco_fingerprint: unknown physical type");
	}
}

Layout LayoutOf(const LogicalType &type) {
	switch (type.id()) {
	case LogicalTypeId::SQLNULL:
		return Layout::NOTHING;
	case LogicalTypeId::DECIMAL:
		return Layout::DECIMAL;
	case LogicalTypeId::ENUM:
		return Layout::ENUM;
	case LogicalTypeId::UNION:
		return Layout::UNION;
	case LogicalTypeId::VARIANT:
		return Layout::VARIANT;
	default:
		return PhysicalLayout(type.InternalType());
	}
}

static_assert(sizeof(duckdb::interval_t) == 16, "an interval has no padding");

//! Encodes the values of one vector of any type and form
class Column {
public:
	explicit Column(const Vector &vector);

	void Encode(idx_t row, RowBuffer &out) const;

	uint8_t Tag() const {
		return tag;
	}

	bool IsString() const {
		return layout == Layout::STRING;
	}

	//! Only of strings; nullptr: NULL
	const string_t *StringAt(idx_t row) const {
		const auto index = format.sel->get_index(row);
		return format.validity.RowIsValid(index) ? &Values<string_t>()[index] : nullptr;
	}

private:
	template <class T>
	const T *Values() const {
		return reinterpret_cast<const T *>(format.data);
	}

	void AddChildren(const Vector &vector);
	void AddNames();
	void EncodeValid(idx_t index, RowBuffer &out) const;
	void EncodeDecimal(idx_t index, RowBuffer &out) const;
	void EncodeEnum(idx_t index, RowBuffer &out) const;
	void EncodeChildren(idx_t first, idx_t count, RowBuffer &out) const;
	void EncodeStruct(idx_t index, RowBuffer &out) const;
	void EncodeUnion(idx_t index, RowBuffer &out) const;
	void EncodeVariantRow(idx_t row, RowBuffer &out) const;

	template <size_t WIDTH>
	void EncodeFixed(idx_t index, RowBuffer &out) const {
		uint8_t *to = out.Extend(1 + WIDTH);
		*to = tag;
		std::memcpy(to + 1, format.data + index * WIDTH, WIDTH);
	}

	template <class T>
	void EncodeFloat(idx_t index, RowBuffer &out) const {
		out.Put(tag);
		out.Put(Values<T>()[index]);
	}

	LogicalType type;
	uint8_t tag;
	Layout layout;
	duckdb::UnifiedVectorFormat format;
	std::vector<Column> children;
	RowBuffer names; // of a struct's fields: {'a': 1} is not {'b': 1}
	const string_t *enum_values = nullptr;
	std::unique_ptr<duckdb::VariantIterator> variants;
};

Column::Column(const Vector &vector)
    : type(vector.GetType()), tag(static_cast<uint8_t>(type.id())), layout(LayoutOf(type)) {
	if (layout == Layout::VARIANT) {
		variants = std::make_unique<duckdb::VariantIterator>(vector);
		return;
	}
	vector.ToUnifiedFormat(format);
	if (layout == Layout::ENUM) {
		enum_values = duckdb::FlatVector::GetData<string_t>(duckdb::EnumType::GetValuesInsertOrder(type));
	}
	AddChildren(vector);
}

void Column::AddChildren(const Vector &vector) {
	switch (layout) {
	case Layout::LIST:
		children.emplace_back(duckdb::ListVector::GetChild(vector));
		return;
	case Layout::ARRAY:
		children.emplace_back(duckdb::ArrayVector::GetChild(vector));
		return;
	case Layout::STRUCT:
		AddNames();
		[[fallthrough]];
	case Layout::UNION:
		children.reserve(duckdb::StructVector::GetEntries(vector).size());
		for (const auto &entry : duckdb::StructVector::GetEntries(vector)) {
			children.emplace_back(entry);
		}
		return;
	default:
		return;
	}
}

void Column::AddNames() {
	const auto &fields = duckdb::StructType::GetChildTypes(type);
	names.Put(static_cast<uint32_t>(fields.size()));
	for (const auto &field : fields) {
		const auto &name = field.first.GetIdentifierName();
		names.PutString(name.data(), static_cast<uint32_t>(name.size()));
	}
}

void Column::Encode(idx_t row, RowBuffer &out) const {
	if (layout == Layout::VARIANT) {
		return EncodeVariantRow(row, out);
	}
	const auto index = format.sel->get_index(row);
	if (layout == Layout::NOTHING || !format.validity.RowIsValid(index)) {
		return out.Put(kNull);
	}
	EncodeValid(index, out);
}

void Column::EncodeValid(idx_t index, RowBuffer &out) const {
	switch (layout) {
	case Layout::FIXED_1:
		return EncodeFixed<1>(index, out);
	case Layout::FIXED_2:
		return EncodeFixed<2>(index, out);
	case Layout::FIXED_4:
		return EncodeFixed<4>(index, out);
	case Layout::FIXED_8:
		return EncodeFixed<8>(index, out);
	case Layout::FIXED_16:
		return EncodeFixed<16>(index, out);
	case Layout::FLOAT:
		return EncodeFloat<float>(index, out);
	case Layout::DOUBLE:
		return EncodeFloat<double>(index, out);
	case Layout::BOOL:
		out.Put(tag);
		return out.Put<uint8_t>(format.data[index] != 0);
	case Layout::DECIMAL:
		return EncodeDecimal(index, out);
	case Layout::STRING:
		out.Put(tag);
		return out.PutString(Values<string_t>()[index]);
	case Layout::ENUM:
		return EncodeEnum(index, out);
	case Layout::LIST: {
		const auto &list = Values<duckdb::list_entry_t>()[index];
		return EncodeChildren(list.offset, list.length, out);
	}
	case Layout::ARRAY: {
		const auto length = duckdb::ArrayType::GetSize(type);
		return EncodeChildren(index * length, length, out);
	}
	case Layout::STRUCT:
		return EncodeStruct(index, out);
	case Layout::UNION:
		return EncodeUnion(index, out);
	default:
		throw duckdb::InternalException("coco_fingerprint: unknown layout");
	}
}

// The scale belongs to the value (1.0 is not 1.00), the width does not
void Column::EncodeDecimal(idx_t index, RowBuffer &out) const {
	const auto width = duckdb::GetTypeIdSize(type.InternalType());
	out.Put(tag);
	out.Put(duckdb::DecimalType::GetScale(type));
	out.Put(WidenDecimal(type.InternalType(), format.data + index * width));
}

// By name: positions change when the type is redefined
void Column::EncodeEnum(idx_t index, RowBuffer &out) const {
	idx_t position;
	switch (type.InternalType()) {
	case PhysicalType::UINT8:
		position = Values<uint8_t>()[index];
		break;
	case PhysicalType::UINT16:
		position = Values<uint16_t>()[index];
		break;
	default:
		position = Values<uint32_t>()[index];
	}
	out.Put(tag);
	out.PutString(enum_values[position]);
}

void Column::EncodeChildren(idx_t first, idx_t count, RowBuffer &out) const {
	out.Put(tag);
	out.Put<uint64_t>(count);
	for (idx_t i = 0; i < count; i++) {
		children[0].Encode(first + i, out);
	}
}

void Column::EncodeStruct(idx_t index, RowBuffer &out) const {
	out.Put(tag);
	out.PutBytes(names.Data(), names.Size());
	for (const auto &child : children) {
		child.Encode(index, out);
	}
}

// A union is stored as a struct of its member's number and all members
void Column::EncodeUnion(idx_t index, RowBuffer &out) const {
	const auto &number = children[0];
	const auto member = number.Values<duckdb::union_tag_t>()[number.format.sel->get_index(index)];
	out.Put(tag);
	out.Put(member);
	children[1 + member].Encode(index, out);
}

void Column::EncodeVariantRow(idx_t row, RowBuffer &out) const {
	if (!variants->RowIsValid(row)) {
		return out.Put(kNull);
	}
	out.Put(tag);
	EncodeVariant(variants->Root(row), out);
}

//===--------------------------------------------------------------------===//
// Rows
//===--------------------------------------------------------------------===//
duckdb::uhugeint_t FingerprintRow(const std::vector<Column> &columns, idx_t row, RowBuffer &buffer) {
	buffer.Clear();
	for (const auto &column : columns) {
		column.Encode(row, buffer);
	}
	return Hash128(buffer.Data(), buffer.Size());
}

// A lone string is hashed in place: its tag is the seed (rows have the seed 0), its length is part of every hash
void FingerprintStrings(const std::vector<Column> &columns, idx_t count, duckdb::uhugeint_t *results) {
	RowBuffer buffer;
	const auto &column = columns[0];
	for (idx_t row = 0; row < count; row++) {
		const auto *text = column.StringAt(row);
		results[row] = text ? Hash128(text->GetData(), text->GetSize(), column.Tag())
		                    : FingerprintRow(columns, row, buffer);
	}
}

void FingerprintAll(const std::vector<Column> &columns, idx_t count, duckdb::uhugeint_t *results) {
	RowBuffer buffer;
	for (idx_t row = 0; row < count; row++) {
		results[row] = FingerprintRow(columns, row, buffer);
	}
}

bool IsFloat(const LogicalType &type) {
	return type.id() == duckdb::LogicalTypeId::FLOAT || type.id() == duckdb::LogicalTypeId::DOUBLE;
}

bool IsNan(const duckdb::Value &value) {
	return IsFloat(value.type()) && !value.IsNull() && duckdb::Value::IsNan(value.GetValue<double>());
}

//! Where a column's least value equals its largest DuckDB 2.0.1 works a function out as it plans, and takes the result for
//! that of all rows. But 'nan' equals '-nan' and has another fingerprint. A failure leaves the function to run on the rows.
void RefuseToPlanWithNan(const duckdb::DataChunk &args, const duckdb::ExpressionState &state) {
	if (state.root.executor && state.root.executor->chunk) {
		return; // it runs on rows
	}
	for (idx_t column = 0; column < args.ColumnCount(); column++) {
		if (args.size() > 0 && IsNan(args.GetValue(column, 0))) {
			throw duckdb::InvalidInputException("the fingerprint of NaN is that of one row");
		}
	}
}

duckdb::unique_ptr<duckdb::FunctionData> Bind(duckdb::BindScalarFunctionInput &input) {
	for (const auto &argument : input.GetArguments()) {
		if (IsFloat(argument->GetReturnType())) {
			input.GetBoundFunction().SetFallible(); // as DuckDB wants it of what may fail, if only in planning
		}
	}
	return nullptr;
}

void FingerprintChunk(duckdb::DataChunk &args, duckdb::ExpressionState &state, Vector &result) {
	RefuseToPlanWithNan(args, state);
	FingerprintRows(args, result);
}

void DigestChunk(duckdb::DataChunk &args, duckdb::ExpressionState &state, Vector &result) {
	RefuseToPlanWithNan(args, state);
	Vector fingerprints(LogicalType::UHUGEINT);
	FingerprintRows(args, fingerprints);
	fingerprints.Flatten();
	const auto *wide = duckdb::FlatVector::GetData<duckdb::uhugeint_t>(fingerprints);
	result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
	auto *digests = duckdb::FlatVector::GetDataMutable<uint64_t>(result);
	for (idx_t row = 0; row < args.size(); row++) {
		digests[row] = wide[row].lower;
	}
	duckdb::FlatVector::SetSize(result, args.size());
}

duckdb::ScalarFunction OfAnyRow(const char *name, LogicalType type, duckdb::scalar_function_t function) {
	duckdb::ScalarFunction of_any_row(name, duckdb::vector<LogicalType> {}, std::move(type), std::move(function), Bind,
	                                  nullptr, nullptr, LogicalType::ANY);
	of_any_row.SetNullHandling(duckdb::FunctionNullHandling::SPECIAL_HANDLING);
	of_any_row.SetCollationHandling(duckdb::FunctionCollationHandling::IGNORE_COLLATIONS);
	return of_any_row;
}

} // namespace

void FingerprintRows(duckdb::DataChunk &args, Vector &result) {
	std::vector<Column> columns;
	columns.reserve(args.ColumnCount());
	for (const auto &vector : args.data) {
		columns.emplace_back(vector);
	}
	const bool constant = args.AllConstant() && args.size() > 0;
	const idx_t count = constant ? 1 : args.size();
	result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
	auto *results = duckdb::FlatVector::GetDataMutable<duckdb::uhugeint_t>(result);
	if (columns.size() == 1 && columns[0].IsString()) {
		FingerprintStrings(columns, count, results);
	} else {
		FingerprintAll(columns, count, results);
	}
	if (constant) {
		result.SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
	}
	duckdb::FlatVector::SetSize(result, args.size());
}

duckdb::ScalarFunction FingerprintFunction() {
	return OfAnyRow("coco_fingerprint", LogicalType::UHUGEINT, FingerprintChunk);
}

duckdb::ScalarFunction DigestFunction() {
	return OfAnyRow("coco_digest", LogicalType::UBIGINT, DigestChunk);
}

} // namespace cocosql
