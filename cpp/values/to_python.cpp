// Reads DuckDB's vectors as Python objects.
#include "values/datetime.hpp"
#include "values/values.hpp"

#include "duckdb/common/types/bignum.hpp"
#include "duckdb/common/types/bit.hpp"
#include "duckdb/common/types/date.hpp"
#include "duckdb/common/types/decimal.hpp"
#include "duckdb/common/types/interval.hpp"
#include "duckdb/common/types/time.hpp"
#include "duckdb/common/types/timestamp.hpp"
#include "duckdb/common/types/uuid.hpp"
#include "duckdb/common/types/variant.hpp"
#include "duckdb/common/vector/array_vector.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/common/vector/list_vector.hpp"
#include "duckdb/common/vector/struct_vector.hpp"
#include "duckdb/function/scalar/variant_utils.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace cocosql {

using duckdb::idx_t;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::PhysicalType;
using duckdb::string_t;
using duckdb::Vector;

// The references are held until the process ends, for there is no moment before at which they are surely unused.
// Not a static object: its initialization would hold a lock while the import releases the GIL.
nb::handle FindClass(PythonClass which) {
	static constexpr const char *kNames[][2] = {
	    {"decimal", "Decimal"}, {"uuid", "UUID"}, {"cocosql.types", "Interval"}, {"enum", "Enum"}};
	static std::array<nb::handle, static_cast<size_t>(PythonClass::COUNT)> classes;
	auto &found = classes[static_cast<size_t>(which)];
	if (!found.is_valid()) {
		const auto &name = kNames[static_cast<size_t>(which)];
		nb::object imported = nb::module_::import_(name[0]).attr(name[1]);
		found = imported.release();
	}
	return found;
}

namespace {

//===--------------------------------------------------------------------===//
// Scalars
//===--------------------------------------------------------------------===//
nb::object FromWords(nb::object upper, uint64_t lower) {
	const auto bits = Checked(PyLong_FromLong(64));
	const auto shifted = Checked(PyNumber_Lshift(upper.ptr(), bits.ptr()));
	return Checked(PyNumber_Or(shifted.ptr(), Checked(PyLong_FromUnsignedLongLong(lower)).ptr()));
}

nb::object FromHugeint(const duckdb::hugeint_t &value) {
	if (value.upper == 0) {
		return Checked(PyLong_FromUnsignedLongLong(value.lower));
	}
	return FromWords(Checked(PyLong_FromLongLong(value.upper)), value.lower);
}

nb::object FromUhugeint(const duckdb::uhugeint_t &value) {
	if (value.upper == 0) {
		return Checked(PyLong_FromUnsignedLongLong(value.lower));
	}
	return FromWords(Checked(PyLong_FromUnsignedLongLong(value.upper)), value.lower);
}

// Not by way of decimal digits, the number of which Python limits
nb::object FromBignum(const string_t &blob) {
	duckdb::vector<uint8_t> bytes;
	bool negative;
	duckdb::Bignum::GetByteArray(bytes, negative, blob);
	const nb::handle type(reinterpret_cast<PyObject *>(&PyLong_Type));
	const nb::object magnitude = type.attr("from_bytes")(nb::bytes(bytes.data(), bytes.size()), "big");
	return negative ? Checked(PyNumber_Negative(magnitude.ptr())) : magnitude;
}

nb::object FromText(const string_t &text) {
	return Checked(PyUnicode_DecodeUTF8(text.GetData(), static_cast<Py_ssize_t>(text.GetSize()), nullptr));
}

nb::object FromText(const std::string &text) {
	return Checked(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr));
}

nb::object FromBlob(const string_t &blob) {
	return Checked(PyBytes_FromStringAndSize(blob.GetData(), static_cast<Py_ssize_t>(blob.GetSize())));
}

nb::object FromUuid(const duckdb::hugeint_t &value) {
	return FindClass(PythonClass::UUID)(nb::arg("int") = FromUhugeint(duckdb::BaseUUID::ToUHugeint(value)));
}

nb::object FromInterval(const duckdb::interval_t &value) {
	return FindClass(PythonClass::INTERVAL)(value.months, value.days, value.micros);
}

[[noreturn]] void Unrepresentable(const LogicalType &type, const std::string &text) {
	throw duckdb::InvalidInputException("Python cannot represent the " + type.ToString() + " " + text);
}

struct Day {
	int32_t year, month, day;
};

Day SplitDate(duckdb::date_t date, const LogicalType &type) {
	if (!duckdb::Value::IsFinite(date)) {
		Unrepresentable(type, duckdb::Date::ToString(date));
	}
	Day result {};
	duckdb::Date::Convert(date, result.year, result.month, result.day);
	if (result.year < 1 || result.year > 9999) {
		Unrepresentable(type, duckdb::Date::ToString(date));
	}
	return result;
}

struct Clock {
	int32_t hour, minute, second, micros;
};

Clock SplitTime(duckdb::dtime_t time, const LogicalType &type) {
	Clock result {};
	duckdb::Time::Convert(time, result.hour, result.minute, result.second, result.micros);
	if (result.hour > 23) { // DuckDB has a 24:00:00
		Unrepresentable(type, duckdb::Time::ToString(time));
	}
	return result;
}

nb::object FromDate(duckdb::date_t value, const LogicalType &type) {
	const auto date = SplitDate(value, type);
	return Checked(PyDate_FromDate(date.year, date.month, date.day));
}

nb::object FromTime(duckdb::dtime_t value, const LogicalType &type, nb::handle zone) {
	const auto time = SplitTime(value, type);
	return Checked(PyDateTimeAPI->Time_FromTime(time.hour, time.minute, time.second, time.micros, zone.ptr(),
	                                            PyDateTimeAPI->TimeType));
}

nb::object FromTimeTz(duckdb::dtime_tz_t value, const LogicalType &type) {
	const auto offset = Checked(PyDelta_FromDSU(0, value.offset(), 0));
	return FromTime(value.time(), type, Checked(PyTimeZone_FromOffset(offset.ptr())));
}

int64_t MicrosOf(int64_t value, LogicalTypeId type, bool &in_range) {
	in_range = true;
	switch (type) {
	case LogicalTypeId::TIMESTAMP_SEC:
		in_range = !__builtin_mul_overflow(value, int64_t(1000000), &value);
		return value;
	case LogicalTypeId::TIMESTAMP_MS:
		in_range = !__builtin_mul_overflow(value, int64_t(1000), &value);
		return value;
	case LogicalTypeId::TIMESTAMP_NS:
	case LogicalTypeId::TIMESTAMP_TZ_NS:
		return value / 1000; // as DuckDB's own client does: Python has no nanoseconds
	default:
		return value;
	}
}

nb::object FromTimestamp(int64_t value, const LogicalType &type) {
	bool in_range;
	const duckdb::timestamp_t stamp(MicrosOf(value, type.id(), in_range));
	if (!in_range || !duckdb::timestamp_t(value).IsFinite()) {
		const bool finite = duckdb::timestamp_t(value).IsFinite();
		Unrepresentable(type, finite ? std::to_string(value) : value > 0 ? "infinity" : "-infinity");
	}
	duckdb::date_t date;
	duckdb::dtime_t time;
	duckdb::Timestamp::Convert(stamp, date, time);
	const auto day = SplitDate(date, type);
	const auto clock = SplitTime(time, type);
	const bool aware = type.id() == LogicalTypeId::TIMESTAMP_TZ || type.id() == LogicalTypeId::TIMESTAMP_TZ_NS;
	return Checked(PyDateTimeAPI->DateTime_FromDateAndTime(
	    day.year, day.month, day.day, clock.hour, clock.minute, clock.second, clock.micros,
	    aware ? PyDateTime_TimeZone_UTC : Py_None, PyDateTimeAPI->DateTimeType));
}

} // namespace

bool IsMutableInPython(const LogicalType &type) {
	switch (type.id()) {
	case LogicalTypeId::LIST:
	case LogicalTypeId::ARRAY:
	case LogicalTypeId::STRUCT:
	case LogicalTypeId::MAP:
	case LogicalTypeId::VARIANT:
		return true;
	case LogicalTypeId::UNION:
	case LogicalTypeId::TUPLE: {
		const auto &members = duckdb::StructType::GetChildTypes(type);
		return std::any_of(members.begin(), members.end(),
		                   [](const auto &member) { return IsMutableInPython(member.second); });
	}
	default:
		return false;
	}
}

nb::object CopyOf(nb::handle object) {
	if (PyList_CheckExact(object.ptr())) {
		const auto size = PyList_GET_SIZE(object.ptr());
		auto copy = Checked(PyList_New(size));
		for (Py_ssize_t i = 0; i < size; i++) {
			PyList_SET_ITEM(copy.ptr(), i, CopyOf(PyList_GET_ITEM(object.ptr(), i)).release().ptr());
		}
		return copy;
	}
	if (PyTuple_CheckExact(object.ptr())) {
		const auto size = PyTuple_GET_SIZE(object.ptr());
		auto copy = Checked(PyTuple_New(size));
		for (Py_ssize_t i = 0; i < size; i++) {
			PyTuple_SET_ITEM(copy.ptr(), i, CopyOf(PyTuple_GET_ITEM(object.ptr(), i)).release().ptr());
		}
		return copy;
	}
	if (PyDict_CheckExact(object.ptr())) {
		nb::dict copy;
		for (auto [key, value] : nb::borrow<nb::dict>(object)) {
			copy[key] = CopyOf(value);
		}
		return copy;
	}
	return nb::borrow(object);
}

//===--------------------------------------------------------------------===//
// Vectors
//===--------------------------------------------------------------------===//
class PythonReader::Node {
public:
	explicit Node(const Vector &vector);

	nb::object Read(idx_t row) const {
		const auto index = format.sel->get_index(row);
		return format.validity.RowIsValid(index) ? ReadValid(row, index) : nb::none();
	}

private:
	template <class T>
	const T &At(idx_t index) const {
		return reinterpret_cast<const T *>(format.data)[index];
	}

	void AddChildren(const Vector &vector);
	void AddNames();
	nb::object ReadValid(idx_t row, idx_t index) const;
	nb::object ReadDecimal(idx_t index) const;
	nb::object ReadEnum(idx_t index) const;
	nb::object ReadList(idx_t first, idx_t count) const;
	nb::object ReadMap(idx_t index) const;
	nb::object ReadStruct(idx_t index) const;
	nb::object ReadTuple(idx_t index) const;
	nb::object ReadUnion(idx_t index) const;
	nb::object ReadVariant(idx_t row) const;

	LogicalType type;
	duckdb::UnifiedVectorFormat format;
	std::vector<Node> children;
	std::vector<nb::object> names; // of a struct's fields
	bool hashable_keys = false;    // of a map
	const string_t *enum_values = nullptr;
	std::unique_ptr<duckdb::RecursiveUnifiedVectorFormat> variants;
};

PythonReader::Node::Node(const Vector &vector) : type(vector.GetType()) {
	vector.ToUnifiedFormat(format);
	if (type.id() == LogicalTypeId::VARIANT) {
		variants = std::make_unique<duckdb::RecursiveUnifiedVectorFormat>();
		Vector::RecursiveToUnifiedFormat(vector, *variants);
	} else if (type.id() == LogicalTypeId::ENUM) {
		enum_values = duckdb::FlatVector::GetData<string_t>(duckdb::EnumType::GetValuesInsertOrder(type));
	} else {
		AddChildren(vector);
	}
}

void PythonReader::Node::AddChildren(const Vector &vector) {
	switch (type.InternalType()) {
	case PhysicalType::LIST:
		children.emplace_back(duckdb::ListVector::GetChild(vector));
		hashable_keys = type.id() == LogicalTypeId::MAP && !IsMutableInPython(duckdb::MapType::KeyType(type));
		return;
	case PhysicalType::ARRAY:
		children.emplace_back(duckdb::ArrayVector::GetChild(vector));
		return;
	case PhysicalType::STRUCT:
		children.reserve(duckdb::StructVector::GetEntries(vector).size());
		for (const auto &entry : duckdb::StructVector::GetEntries(vector)) {
			children.emplace_back(entry);
		}
		return AddNames();
	default:
		return;
	}
}

void PythonReader::Node::AddNames() {
	if (type.id() == LogicalTypeId::STRUCT) {
		for (const auto &field : duckdb::StructType::GetChildTypes(type)) {
			names.push_back(FromText(field.first.GetIdentifierName()));
		}
	}
}

nb::object PythonReader::Node::ReadValid(idx_t row, idx_t index) const {
	switch (type.id()) {
	case LogicalTypeId::SQLNULL:
		return nb::none();
	case LogicalTypeId::BOOLEAN:
		return nb::bool_(At<bool>(index));
	case LogicalTypeId::TINYINT:
		return Checked(PyLong_FromLong(At<int8_t>(index)));
	case LogicalTypeId::SMALLINT:
		return Checked(PyLong_FromLong(At<int16_t>(index)));
	case LogicalTypeId::INTEGER:
		return Checked(PyLong_FromLong(At<int32_t>(index)));
	case LogicalTypeId::BIGINT:
		return Checked(PyLong_FromLongLong(At<int64_t>(index)));
	case LogicalTypeId::UTINYINT:
		return Checked(PyLong_FromLong(At<uint8_t>(index)));
	case LogicalTypeId::USMALLINT:
		return Checked(PyLong_FromLong(At<uint16_t>(index)));
	case LogicalTypeId::UINTEGER:
		return Checked(PyLong_FromUnsignedLong(At<uint32_t>(index)));
	case LogicalTypeId::UBIGINT:
		return Checked(PyLong_FromUnsignedLongLong(At<uint64_t>(index)));
	case LogicalTypeId::HUGEINT:
		return FromHugeint(At<duckdb::hugeint_t>(index));
	case LogicalTypeId::UHUGEINT:
		return FromUhugeint(At<duckdb::uhugeint_t>(index));
	case LogicalTypeId::BIGNUM:
		return FromBignum(At<string_t>(index));
	case LogicalTypeId::FLOAT:
		return Checked(PyFloat_FromDouble(At<float>(index)));
	case LogicalTypeId::DOUBLE:
		return Checked(PyFloat_FromDouble(At<double>(index)));
	case LogicalTypeId::DECIMAL:
		return ReadDecimal(index);
	case LogicalTypeId::VARCHAR:
	case LogicalTypeId::CHAR:
		return FromText(At<string_t>(index));
	case LogicalTypeId::ENUM:
		return ReadEnum(index);
	case LogicalTypeId::BIT:
		return FromText(duckdb::Bit::ToString(At<string_t>(index)));
	case LogicalTypeId::BLOB:
	case LogicalTypeId::GEOMETRY:
		return FromBlob(At<string_t>(index));
	case LogicalTypeId::UUID:
		return FromUuid(At<duckdb::hugeint_t>(index));
	case LogicalTypeId::DATE:
		return FromDate(At<duckdb::date_t>(index), type);
	case LogicalTypeId::TIME:
		return FromTime(At<duckdb::dtime_t>(index), type, nb::none());
	case LogicalTypeId::TIME_NS:
		return FromTime(duckdb::dtime_t(At<int64_t>(index) / 1000), type, nb::none());
	case LogicalTypeId::TIME_TZ:
		return FromTimeTz(At<duckdb::dtime_tz_t>(index), type);
	case LogicalTypeId::TIMESTAMP:
	case LogicalTypeId::TIMESTAMP_SEC:
	case LogicalTypeId::TIMESTAMP_MS:
	case LogicalTypeId::TIMESTAMP_NS:
	case LogicalTypeId::TIMESTAMP_TZ:
	case LogicalTypeId::TIMESTAMP_TZ_NS:
		return FromTimestamp(At<int64_t>(index), type);
	case LogicalTypeId::INTERVAL:
		return FromInterval(At<duckdb::interval_t>(index));
	case LogicalTypeId::LIST: {
		const auto &list = At<duckdb::list_entry_t>(index);
		return ReadList(list.offset, list.length);
	}
	case LogicalTypeId::ARRAY: {
		const auto length = duckdb::ArrayType::GetSize(type);
		return ReadList(index * length, length);
	}
	case LogicalTypeId::MAP:
		return ReadMap(index);
	case LogicalTypeId::STRUCT:
		return ReadStruct(index);
	case LogicalTypeId::TUPLE:
		return ReadTuple(index);
	case LogicalTypeId::UNION:
		return ReadUnion(index);
	case LogicalTypeId::VARIANT:
		return ReadVariant(row);
	default:
		throw duckdb::InvalidInputException("values of type " + type.ToString() + " cannot be passed to Python");
	}
}

nb::object PythonReader::Node::ReadDecimal(idx_t index) const {
	const auto width = duckdb::DecimalType::GetWidth(type);
	const auto scale = duckdb::DecimalType::GetScale(type);
	std::string digits;
	switch (type.InternalType()) {
	case PhysicalType::INT16:
		digits = duckdb::Decimal::ToString(At<int16_t>(index), width, scale);
		break;
	case PhysicalType::INT32:
		digits = duckdb::Decimal::ToString(At<int32_t>(index), width, scale);
		break;
	case PhysicalType::INT64:
		digits = duckdb::Decimal::ToString(At<int64_t>(index), width, scale);
		break;
	default:
		digits = duckdb::Decimal::ToString(At<duckdb::hugeint_t>(index), width, scale);
	}
	return FindClass(PythonClass::DECIMAL)(FromText(digits));
}

nb::object PythonReader::Node::ReadEnum(idx_t index) const {
	switch (type.InternalType()) {
	case PhysicalType::UINT8:
		return FromText(enum_values[At<uint8_t>(index)]);
	case PhysicalType::UINT16:
		return FromText(enum_values[At<uint16_t>(index)]);
	default:
		return FromText(enum_values[At<uint32_t>(index)]);
	}
}

nb::object PythonReader::Node::ReadList(idx_t first, idx_t count) const {
	auto list = Checked(PyList_New(static_cast<Py_ssize_t>(count)));
	for (idx_t i = 0; i < count; i++) {
		PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i), children[0].Read(first + i).release().ptr());
	}
	return list;
}

// A map is stored as a list of structs. Keys that Python cannot hash: a list of pairs.
nb::object PythonReader::Node::ReadMap(idx_t index) const {
	const auto &entries = At<duckdb::list_entry_t>(index);
	const auto &pair = children[0];
	nb::dict dict;
	nb::list list;
	for (idx_t i = entries.offset; i < entries.offset + entries.length; i++) {
		const auto at = pair.format.sel->get_index(i);
		auto key = pair.children[0].Read(at);
		auto value = pair.children[1].Read(at);
		if (hashable_keys) {
			dict[key] = value;
		} else {
			list.append(nb::make_tuple(key, value));
		}
	}
	return hashable_keys ? nb::object(std::move(dict)) : nb::object(std::move(list));
}

nb::object PythonReader::Node::ReadStruct(idx_t index) const {
	auto dict = Checked(PyDict_New());
	for (size_t i = 0; i < children.size(); i++) {
		if (PyDict_SetItem(dict.ptr(), names[i].ptr(), children[i].Read(index).ptr()) != 0) {
			throw nb::python_error();
		}
	}
	return dict;
}

nb::object PythonReader::Node::ReadTuple(idx_t index) const {
	auto tuple = Checked(PyTuple_New(static_cast<Py_ssize_t>(children.size())));
	for (size_t i = 0; i < children.size(); i++) {
		PyTuple_SET_ITEM(tuple.ptr(), static_cast<Py_ssize_t>(i), children[i].Read(index).release().ptr());
	}
	return tuple;
}

// A union is stored as a struct of its member's number and all members
nb::object PythonReader::Node::ReadUnion(idx_t index) const {
	const auto &number = children[0];
	const auto member = number.At<duckdb::union_tag_t>(number.format.sel->get_index(index));
	return children[1 + member].Read(index);
}

nb::object PythonReader::Node::ReadVariant(idx_t row) const {
	const duckdb::UnifiedVariantVectorData data(*variants);
	const auto value = duckdb::VariantUtils::ConvertVariantToValue(data, row, 0);
	const Vector vector(value, duckdb::count_t(1));
	return Node(vector).Read(0);
}

PythonReader::PythonReader(const Vector &vector) {
	ImportDatetime();
	root = std::make_unique<const Node>(vector);
}

PythonReader::PythonReader(PythonReader &&other) noexcept = default;

PythonReader::~PythonReader() = default;

nb::object PythonReader::operator[](idx_t row) const {
	return root->Read(row);
}

} // namespace cocosql
