// Writes Python objects into DuckDB's vectors, exactly or not at all.
#include "values/json.hpp"
#include "values/values.hpp"

#include <datetime.h>

#include "duckdb/common/error_data.hpp"
#include "duckdb/common/types/bignum.hpp"
#include "duckdb/common/types/bit.hpp"
#include "duckdb/common/types/date.hpp"
#include "duckdb/common/types/decimal.hpp"
#include "duckdb/common/types/geometry.hpp"
#include "duckdb/common/types/hugeint.hpp"
#include "duckdb/common/types/interval.hpp"
#include "duckdb/common/types/time.hpp"
#include "duckdb/common/types/timestamp.hpp"
#include "duckdb/common/types/uuid.hpp"
#include "duckdb/common/vector/array_vector.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/common/vector/list_vector.hpp"
#include "duckdb/common/vector/map_vector.hpp"
#include "duckdb/common/vector/string_vector.hpp"
#include "duckdb/common/vector/struct_vector.hpp"
#include "duckdb/common/vector/union_vector.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace cocosql {

using duckdb::FlatVector;
using duckdb::idx_t;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::PhysicalType;
using duckdb::Vector;

namespace {

//! An object that does not fit, in words; on the way up its place within nested values is put together
struct Misfit : std::exception {
	explicit Misfit(std::string message) : message(std::move(message)) {
	}

	const char *what() const noexcept override {
		return message.c_str();
	}

	std::string Text() const {
		return path.empty() ? message : "at " + path + ": " + message;
	}

	std::string message;
	std::string path;
};

void Write(nb::handle object, Vector &vector, idx_t row);

//===--------------------------------------------------------------------===//
// Messages
//===--------------------------------------------------------------------===//
// By whole characters, as the message is decoded again
std::string Shorten(const std::string &text) {
	constexpr size_t kMaximum = 100;
	if (text.size() <= kMaximum) {
		return text;
	}
	size_t end = kMaximum;
	while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
		end--;
	}
	return text.substr(0, end) + "...";
}

std::string TextOf(nb::handle text) {
	Py_ssize_t size = 0;
	const char *data = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
	if (!data) {
		throw nb::python_error();
	}
	return std::string(data, static_cast<size_t>(size));
}

// ASCII, as a string may hold characters (lone surrogates) that UTF-8 does not have
std::string Repr(nb::handle object) {
	for (auto *repr : {PyObject_Repr, PyObject_ASCII}) {
		const auto text = nb::steal(repr(object.ptr()));
		if (text && PyUnicode_AsUTF8(text.ptr())) {
			return Shorten(TextOf(text));
		}
		PyErr_Clear();
	}
	return "?";
}

std::string Describe(nb::handle object) {
	if (object.is_none()) {
		return "None";
	}
	return std::string(Py_TYPE(object.ptr())->tp_name) + ": " + Repr(object);
}

std::string NameOf(const LogicalType &type) {
	return Shorten(type.ToString());
}

[[noreturn]] void Mismatch(const LogicalType &type, nb::handle object, const std::string &reason = "") {
	const std::string why = reason.empty() ? "" : " (" + reason + ")";
	throw Misfit("expected " + NameOf(type) + ", got " + Describe(object) + why);
}

[[noreturn]] void OutOfRange(const LogicalType &type, nb::handle object) {
	Mismatch(type, object, "out of range");
}

//! Runs a function; its misfits are said to be at the place, which is only written then
template <class PLACE, class FUNCTION>
void Within(PLACE &&place, FUNCTION &&function) {
	try {
		function();
	} catch (Misfit &misfit) {
		misfit.path = place() + misfit.path;
		throw;
	}
}

std::string ElementPath(size_t index) {
	return "[" + std::to_string(index) + "]";
}

std::string MessageOf(const nb::python_error &error) {
	const auto type = nb::borrow<nb::object>(error.type());
	const auto text = nb::steal(PyObject_Str(error.value().ptr()));
	std::string message = reinterpret_cast<PyTypeObject *>(type.ptr())->tp_name;
	if (text && PyUnicode_AsUTF8(text.ptr())) {
		message += ": " + TextOf(text);
	}
	PyErr_Clear();
	return message;
}

//===--------------------------------------------------------------------===//
// Python objects
//===--------------------------------------------------------------------===//
//! -1: an exception is set
int CheckedStatus(int status) {
	if (status < 0) {
		throw nb::python_error();
	}
	return status;
}

bool IsTrue(nb::handle object) {
	return CheckedStatus(PyObject_IsTrue(object.ptr())) != 0;
}

bool IsInstance(nb::handle object, nb::handle type) {
	return CheckedStatus(PyObject_IsInstance(object.ptr(), type.ptr())) != 0;
}

//! The attribute, or an invalid object
nb::object FindAttribute(nb::handle object, const char *name) {
	auto found = nb::steal(PyObject_GetAttrString(object.ptr(), name));
	if (!found) {
		if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
			throw nb::python_error();
		}
		PyErr_Clear();
	}
	return found;
}

//! A class of NumPy, or an invalid handle if nobody has imported NumPy; held as in FindClass
nb::handle NumpyClass(const char *name, nb::handle &held) {
	if (!held.is_valid()) {
		const auto module = nb::steal(PyImport_GetModule(nb::str("numpy").ptr()));
		if (!module && PyErr_Occurred()) {
			throw nb::python_error();
		}
		if (module) { // which may be half imported
			held = FindAttribute(module, name).release();
		}
	}
	return held;
}

bool IsOf(nb::handle object, nb::handle cls) {
	return cls.is_valid() && PyObject_TypeCheck(object.ptr(), reinterpret_cast<PyTypeObject *>(cls.ptr()));
}

bool IsNumpyArray(nb::handle object) {
	static nb::handle held;
	return IsOf(object, NumpyClass("ndarray", held));
}

bool IsNumpy(nb::handle object) {
	static nb::handle held;
	return IsOf(object, NumpyClass("generic", held)) || IsNumpyArray(object);
}

std::string DtypeKind(nb::handle object) {
	return TextOf(nb::object(object.attr("dtype").attr("kind")));
}

//! datetime64 or timedelta64, which only some types take
bool IsNumpyTime(nb::handle object, const char *kind) {
	return IsNumpy(object) && DtypeKind(object) == kind && nb::cast<Py_ssize_t>(object.attr("ndim")) == 0;
}

//! What a scalar of NumPy (also an array without dimensions) holds as a Python object; times stay as they are
nb::object UnwrappedNumpy(nb::handle object) {
	if (nb::cast<Py_ssize_t>(object.attr("ndim")) != 0) {
		return nb::borrow(object);
	}
	const auto kind = DtypeKind(object);
	if (kind == "M" || kind == "m") {
		const auto scalar = nb::object(object[nb::tuple()]);
		return IsTrue(nb::module_::import_("numpy").attr("isnat")(scalar)) ? nb::none() : scalar;
	}
	return kind.find_first_of("biufUSO") == 0 ? nb::object(object.attr("item")()) : nb::borrow(object);
}

//! The value of an enum's member, the Python object of a scalar of NumPy; any other object as it is
nb::object Unwrapped(nb::handle object) {
	if (IsOf(object, FindClass(PythonClass::ENUM))) {
		return object.attr("value");
	}
	return IsNumpy(object) ? UnwrappedNumpy(object) : nb::borrow(object);
}

//! The integer that an object stands for (a bool stands for none)
nb::object AsInteger(nb::handle object, const LogicalType &type) {
	if (PyLong_Check(object.ptr()) && !PyBool_Check(object.ptr())) {
		return nb::borrow(object);
	}
	const bool array = FindAttribute(object, "dtype").is_valid(); // has an __index__ that mostly fails
	if (array || PyBool_Check(object.ptr()) || !PyIndex_Check(object.ptr())) {
		Mismatch(type, object);
	}
	return Checked(PyNumber_Index(object.ptr()));
}

nb::object AsText(nb::handle object, const LogicalType &type) {
	if (PyUnicode_Check(object.ptr())) {
		return nb::borrow(object);
	}
	Mismatch(type, object);
}

//===--------------------------------------------------------------------===//
// Numbers
//===--------------------------------------------------------------------===//
template <class T>
void Set(Vector &vector, idx_t row, T value) {
	FlatVector::GetDataMutable<T>(vector)[row] = value;
}

template <class T>
void WriteSigned(nb::handle object, Vector &vector, idx_t row) {
	const auto integer = AsInteger(object, vector.GetType());
	int overflow = 0;
	const long long value = PyLong_AsLongLongAndOverflow(integer.ptr(), &overflow);
	if (value == -1 && PyErr_Occurred()) {
		throw nb::python_error();
	}
	if (overflow != 0 || value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
		OutOfRange(vector.GetType(), object);
	}
	Set<T>(vector, row, static_cast<T>(value));
}

//! False (and no exception set): does not fit
bool FitsUnsigned(nb::handle integer, uint64_t &value) {
	value = PyLong_AsUnsignedLongLong(integer.ptr());
	if (value == static_cast<uint64_t>(-1) && PyErr_Occurred()) {
		if (!PyErr_ExceptionMatches(PyExc_OverflowError)) {
			throw nb::python_error();
		}
		PyErr_Clear();
		return false;
	}
	return true;
}

template <class T>
void WriteUnsigned(nb::handle object, Vector &vector, idx_t row) {
	const auto integer = AsInteger(object, vector.GetType());
	uint64_t value;
	if (!FitsUnsigned(integer, value) || value > std::numeric_limits<T>::max()) {
		OutOfRange(vector.GetType(), object);
	}
	Set<T>(vector, row, static_cast<T>(value));
}

nb::object UpperWord(nb::handle integer) {
	return Checked(PyNumber_Rshift(integer.ptr(), Checked(PyLong_FromLong(64)).ptr()));
}

uint64_t LowerWord(nb::handle integer) {
	const uint64_t word = PyLong_AsUnsignedLongLongMask(integer.ptr());
	if (word == static_cast<uint64_t>(-1) && PyErr_Occurred()) {
		throw nb::python_error();
	}
	return word;
}

//! False: does not fit
bool ToHugeint(nb::handle integer, duckdb::hugeint_t &result) {
	int overflow = 0;
	result.upper = PyLong_AsLongLongAndOverflow(UpperWord(integer).ptr(), &overflow);
	result.lower = LowerWord(integer);
	return overflow == 0;
}

bool ToUhugeint(nb::handle integer, duckdb::uhugeint_t &result) {
	result.lower = LowerWord(integer);
	return FitsUnsigned(UpperWord(integer), result.upper);
}

void WriteHugeint(nb::handle object, Vector &vector, idx_t row) {
	duckdb::hugeint_t value;
	if (!ToHugeint(AsInteger(object, vector.GetType()), value)) {
		OutOfRange(vector.GetType(), object);
	}
	Set(vector, row, value);
}

void WriteUhugeint(nb::handle object, Vector &vector, idx_t row) {
	duckdb::uhugeint_t value;
	if (!ToUhugeint(AsInteger(object, vector.GetType()), value)) {
		OutOfRange(vector.GetType(), object);
	}
	Set(vector, row, value);
}

void WriteString(const char *data, size_t size, Vector &vector, idx_t row) {
	if (size > std::numeric_limits<uint32_t>::max()) {
		throw Misfit("a value of " + std::to_string(size) + " bytes is too long for DuckDB");
	}
	Set(vector, row, duckdb::StringVector::AddStringOrBlob(vector, data, size));
}

void WriteString(const std::string &text, Vector &vector, idx_t row) {
	WriteString(text.data(), text.size(), vector, row);
}

// Not by way of decimal digits, the number of which Python limits
void WriteBignum(nb::handle object, Vector &vector, idx_t row) {
	const auto integer = AsInteger(object, vector.GetType());
	const auto magnitude = Checked(PyNumber_Absolute(integer.ptr()));
	const bool negative = CheckedStatus(PyObject_RichCompareBool(integer.ptr(), magnitude.ptr(), Py_NE)) != 0;
	const auto bits = nb::cast<size_t>(magnitude.attr("bit_length")());
	const size_t size = bits == 0 ? 1 : (bits + 7) / 8;
	if (size > duckdb::Bignum::MAX_DATA_SIZE) {
		OutOfRange(vector.GetType(), object);
	}
	const auto bytes = nb::cast<nb::bytes>(magnitude.attr("to_bytes")(size, "big"));
	std::string copy(bytes.c_str(), size);
	WriteString(duckdb::Bignum::FromByteArray(reinterpret_cast<uint8_t *>(copy.data()), size, negative), vector, row);
}

template <class T>
bool Equals(nb::handle integer, T value) {
	const auto back = Checked(PyLong_FromDouble(static_cast<double>(value)));
	return CheckedStatus(PyObject_RichCompareBool(integer.ptr(), back.ptr(), Py_EQ)) != 0;
}

// A float is rounded to the precision of FLOAT, as its literals are; an int is not
template <class T>
T NarrowFloat(double value, nb::handle object, const LogicalType &type) {
	const T result = static_cast<T>(value);
	if (std::isinf(result) && !std::isinf(value)) {
		OutOfRange(type, object);
	}
	return result;
}

template <class T>
T IntegerToFloat(nb::handle integer, nb::handle object, const LogicalType &type) {
	const double value = PyLong_AsDouble(integer.ptr());
	if (value == -1.0 && PyErr_Occurred()) {
		if (!PyErr_ExceptionMatches(PyExc_OverflowError)) {
			throw nb::python_error();
		}
		PyErr_Clear();
		OutOfRange(type, object);
	}
	const T result = NarrowFloat<T>(value, object, type);
	if (!Equals(integer, result)) {
		Mismatch(type, object, "an integer that it cannot represent exactly");
	}
	return result;
}

template <class T>
T ToFloat(nb::handle object, const LogicalType &type) {
	if (PyFloat_Check(object.ptr())) {
		return NarrowFloat<T>(PyFloat_AS_DOUBLE(object.ptr()), object, type);
	}
	if (!PyLong_Check(object.ptr()) || PyBool_Check(object.ptr())) {
		Mismatch(type, object);
	}
	return IntegerToFloat<T>(object, object, type);
}

template <class T>
void WriteFloat(nb::handle object, Vector &vector, idx_t row) {
	Set<T>(vector, row, ToFloat<T>(object, vector.GetType()));
}

void WriteBool(nb::handle object, Vector &vector, idx_t row) {
	if (!PyBool_Check(object.ptr())) {
		Mismatch(vector.GetType(), object);
	}
	Set<bool>(vector, row, object.is(nb::handle(Py_True)));
}

//! A decimal as its digits, without leading zeros, and the power of ten to multiply them with
struct Digits {
	bool negative = false;
	std::string digits;
	int64_t exponent = 0;
};

Digits SplitDecimal(nb::handle object, const LogicalType &type) {
	const nb::object tuple = object.attr("as_tuple")();
	const nb::object exponent = tuple.attr("exponent");
	if (!PyLong_Check(exponent.ptr())) {
		Mismatch(type, object, "not a finite number");
	}
	Digits result;
	result.negative = nb::cast<int>(tuple.attr("sign")) != 0;
	result.exponent = nb::cast<int64_t>(exponent);
	for (const nb::handle digit : nb::cast<nb::tuple>(tuple.attr("digits"))) {
		const auto value = nb::cast<int>(digit);
		if (value != 0 || !result.digits.empty()) {
			result.digits.push_back(static_cast<char>('0' + value));
		}
	}
	return result;
}

//! The digits of the number times 10^scale; throws if it has more decimals, or more digits than fit
std::string ScaleDigits(Digits number, uint8_t width, uint8_t scale, nb::handle object, const LogicalType &type) {
	if (number.digits.empty()) {
		return number.digits;
	}
	const int64_t shift = number.exponent + scale;
	if (shift > width) {
		OutOfRange(type, object);
	}
	if (shift >= 0) {
		number.digits.append(static_cast<size_t>(shift), '0');
	}
	for (int64_t i = shift; i < 0; i++) {
		if (number.digits.back() != '0') { // a nonzero digit remains, so they never run out
			Mismatch(type, object, "too many decimals");
		}
		number.digits.pop_back();
	}
	if (number.digits.size() > width) {
		OutOfRange(type, object);
	}
	return number.digits;
}

duckdb::hugeint_t ParseDigits(const Digits &number, const std::string &digits) {
	__int128 value = 0;
	for (const char digit : digits) {
		value = value * 10 + (digit - '0');
	}
	value = number.negative ? -value : value;
	return duckdb::hugeint_t(static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value));
}

void SetDecimal(Vector &vector, idx_t row, const duckdb::hugeint_t &value) {
	switch (vector.GetType().InternalType()) {
	case PhysicalType::INT16:
		return Set<int16_t>(vector, row, static_cast<int16_t>(value.lower));
	case PhysicalType::INT32:
		return Set<int32_t>(vector, row, static_cast<int32_t>(value.lower));
	case PhysicalType::INT64:
		return Set<int64_t>(vector, row, static_cast<int64_t>(value.lower));
	default:
		return Set<duckdb::hugeint_t>(vector, row, value);
	}
}

void WriteDecimal(nb::handle object, Vector &vector, idx_t row) {
	const auto &type = vector.GetType();
	const auto decimal = FindClass(PythonClass::DECIMAL);
	const auto number =
	    IsInstance(object, decimal) ? nb::borrow(object) : nb::object(decimal(AsInteger(object, type)));
	const auto digits = SplitDecimal(number, type);
	const auto width = duckdb::DecimalType::GetWidth(type);
	const auto scale = duckdb::DecimalType::GetScale(type);
	SetDecimal(vector, row, ParseDigits(digits, ScaleDigits(digits, width, scale, object, type)));
}

//===--------------------------------------------------------------------===//
// Strings
//===--------------------------------------------------------------------===//
void WriteText(nb::handle object, Vector &vector, idx_t row) {
	const auto text = AsText(object, vector.GetType());
	Py_ssize_t size = 0;
	const char *data = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
	if (!data) {
		throw nb::python_error();
	}
	if (vector.GetType().IsJSONType()) {
		const auto why = WhyNotJson(data, static_cast<size_t>(size));
		if (!why.empty()) {
			Mismatch(vector.GetType(), object, why);
		}
	}
	WriteString(data, static_cast<size_t>(size), vector, row);
}

nb::object AsBytes(nb::handle object, const LogicalType &type) {
	if (PyBytes_Check(object.ptr())) {
		return nb::borrow(object);
	}
	if (!PyByteArray_Check(object.ptr()) && !PyMemoryView_Check(object.ptr())) {
		Mismatch(type, object);
	}
	return Checked(PyBytes_FromObject(object.ptr()));
}

void WriteBlob(nb::handle object, Vector &vector, idx_t row) {
	const auto bytes = AsBytes(object, vector.GetType());
	WriteString(PyBytes_AS_STRING(bytes.ptr()), static_cast<size_t>(PyBytes_GET_SIZE(bytes.ptr())), vector, row);
}

// Well-known binary, as reading one gives
void WriteGeometry(nb::handle object, Vector &vector, idx_t row) {
	const auto bytes = AsBytes(object, vector.GetType());
	if (static_cast<size_t>(PyBytes_GET_SIZE(bytes.ptr())) > std::numeric_limits<uint32_t>::max()) {
		OutOfRange(vector.GetType(), object);
	}
	const duckdb::string_t blob(PyBytes_AS_STRING(bytes.ptr()), static_cast<uint32_t>(PyBytes_GET_SIZE(bytes.ptr())));
	duckdb::string_t geometry;
	try {
		duckdb::Geometry::FromBinary(blob, geometry, duckdb::StringVector::GetStringHeap(vector), true);
	} catch (const duckdb::Exception &error) {
		Mismatch(vector.GetType(), object, duckdb::ErrorData(error).RawMessage());
	}
	// The result may be the given bytes themselves
	Set(vector, row, duckdb::StringVector::AddStringOrBlob(vector, geometry));
}

void WriteBits(nb::handle object, Vector &vector, idx_t row) {
	const auto text = TextOf(AsText(object, vector.GetType()));
	if (text.empty() || text.find_first_not_of("01") != std::string::npos) {
		Mismatch(vector.GetType(), object, "a string of 0s and 1s is needed");
	}
	WriteString(duckdb::Bit::ToBit(duckdb::string_t(text)), vector, row);
}

void WriteEnum(nb::handle object, Vector &vector, idx_t row) {
	const auto text = TextOf(AsText(object, vector.GetType()));
	const auto position = duckdb::EnumType::GetPos(vector.GetType(), duckdb::string_t(text));
	if (position < 0) {
		Mismatch(vector.GetType(), object);
	}
	switch (vector.GetType().InternalType()) {
	case PhysicalType::UINT8:
		return Set<uint8_t>(vector, row, static_cast<uint8_t>(position));
	case PhysicalType::UINT16:
		return Set<uint16_t>(vector, row, static_cast<uint16_t>(position));
	default:
		return Set<uint32_t>(vector, row, static_cast<uint32_t>(position));
	}
}

void WriteUuid(nb::handle object, Vector &vector, idx_t row) {
	if (!IsInstance(object, FindClass(PythonClass::UUID))) {
		Mismatch(vector.GetType(), object);
	}
	duckdb::uhugeint_t value;
	const nb::object integer = object.attr("int");
	if (!PyLong_Check(integer.ptr()) || !ToUhugeint(integer, value)) {
		OutOfRange(vector.GetType(), object);
	}
	Set(vector, row, duckdb::BaseUUID::FromUHugeint(value));
}

//===--------------------------------------------------------------------===//
// Dates and times
//===--------------------------------------------------------------------===//
constexpr int64_t kMicrosPerSecond = 1000000;
constexpr int64_t kSecondsPerDay = 86400;

// The macros of datetime.h use its table without looking whether it was ever imported
void ImportDatetime() {
	if (!PyDateTimeAPI) {
		PyDateTime_IMPORT;
		if (!PyDateTimeAPI) {
			throw nb::python_error();
		}
	}
}

int32_t DayNumber(nb::handle date) {
	return duckdb::Date::FromDate(PyDateTime_GET_YEAR(date.ptr()), PyDateTime_GET_MONTH(date.ptr()),
	                              PyDateTime_GET_DAY(date.ptr()))
	    .days;
}

int64_t DeltaMicros(nb::handle delta) {
	const int64_t days = PyDateTime_DELTA_GET_DAYS(delta.ptr());
	const int64_t seconds = days * kSecondsPerDay + PyDateTime_DELTA_GET_SECONDS(delta.ptr());
	return seconds * kMicrosPerSecond + PyDateTime_DELTA_GET_MICROSECONDS(delta.ptr());
}

//! The offset from UTC in microseconds. Throws if the object has one and should not, or the other way round.
int64_t UtcOffset(nb::handle object, bool aware, const LogicalType &type) {
	const nb::object offset = object.attr("utcoffset")();
	if (offset.is_none() == aware) {
		Mismatch(type, object, aware ? "without a time zone" : "with a time zone");
	}
	return aware ? DeltaMicros(offset) : 0;
}

//! The number of units of a datetime64 or timedelta64, exactly
int64_t NumpyUnits(nb::handle object, const std::string &dtype, const LogicalType &type) {
	const nb::object converted = object.attr("astype")(dtype.c_str());
	const nb::object back = converted.attr("astype")(object.attr("dtype"));
	if (!IsTrue(back.attr("__eq__")(object))) {
		Mismatch(type, object, "out of range or too fine");
	}
	return nb::cast<int64_t>(nb::int_(nb::object(converted.attr("astype")("int64"))));
}

void WriteDate(nb::handle object, Vector &vector, idx_t row) {
	if (IsNumpyTime(object, "M")) {
		const auto days = NumpyUnits(object, "datetime64[D]", vector.GetType());
		if (days != static_cast<int32_t>(days) || !duckdb::Value::IsFinite(duckdb::date_t(static_cast<int32_t>(days)))) {
			OutOfRange(vector.GetType(), object);
		}
		return Set(vector, row, duckdb::date_t(static_cast<int32_t>(days)));
	}
	if (!PyDate_Check(object.ptr()) || PyDateTime_Check(object.ptr())) {
		Mismatch(vector.GetType(), object);
	}
	Set(vector, row, duckdb::date_t(DayNumber(object)));
}

int64_t TimeMicros(nb::handle object, const LogicalType &type) {
	if (!PyTime_Check(object.ptr())) {
		Mismatch(type, object);
	}
	auto *time = object.ptr();
	const int64_t minutes = PyDateTime_TIME_GET_HOUR(time) * 60 + PyDateTime_TIME_GET_MINUTE(time);
	const int64_t seconds = minutes * 60 + PyDateTime_TIME_GET_SECOND(time);
	return seconds * kMicrosPerSecond + PyDateTime_TIME_GET_MICROSECOND(time);
}

void WriteTime(nb::handle object, Vector &vector, idx_t row, int64_t units_per_micro) {
	const auto micros = TimeMicros(object, vector.GetType());
	UtcOffset(object, false, vector.GetType());
	Set<int64_t>(vector, row, micros * units_per_micro);
}

void WriteTimeTz(nb::handle object, Vector &vector, idx_t row) {
	const auto &type = vector.GetType();
	const auto micros = TimeMicros(object, type);
	const auto offset = UtcOffset(object, true, type);
	const auto seconds = offset / kMicrosPerSecond;
	if (offset % kMicrosPerSecond != 0 || std::abs(seconds) > duckdb::dtime_tz_t::MAX_OFFSET) {
		OutOfRange(type, object);
	}
	Set(vector, row, duckdb::dtime_tz_t(duckdb::dtime_t(micros), static_cast<int32_t>(seconds)));
}

// A subclass may be finer than microseconds (pandas.Timestamp) or no point in time at all (pandas.NaT)
void CheckSubclass(nb::handle object, const LogicalType &type) {
	if (PyDateTime_CheckExact(object.ptr())) {
		return;
	}
	const auto nanos = FindAttribute(object, "nanosecond");
	if (nanos.is_valid() && CheckedStatus(PyObject_RichCompareBool(nanos.ptr(), nb::int_(0).ptr(), Py_NE))) {
		Mismatch(type, object, "not a whole number of microseconds");
	}
}

int64_t EpochMicros(nb::handle object, bool aware, const LogicalType &type) {
	if (!PyDateTime_Check(object.ptr())) {
		Mismatch(type, object);
	}
	CheckSubclass(object, type);
	auto *stamp = object.ptr();
	const int64_t minutes = PyDateTime_DATE_GET_HOUR(stamp) * 60 + PyDateTime_DATE_GET_MINUTE(stamp);
	const int64_t seconds = DayNumber(object) * kSecondsPerDay + minutes * 60 + PyDateTime_DATE_GET_SECOND(stamp);
	return seconds * kMicrosPerSecond + PyDateTime_DATE_GET_MICROSECOND(stamp) - UtcOffset(object, aware, type);
}

const char *NumpyDtype(LogicalTypeId type) {
	switch (type) {
	case LogicalTypeId::TIMESTAMP_SEC:
		return "datetime64[s]";
	case LogicalTypeId::TIMESTAMP_MS:
		return "datetime64[ms]";
	case LogicalTypeId::TIMESTAMP_NS:
		return "datetime64[ns]";
	default:
		return "datetime64[us]";
	}
}

void WriteNumpyTimestamp(nb::handle object, Vector &vector, idx_t row, bool aware) {
	const auto &type = vector.GetType();
	if (aware) {
		Mismatch(type, object, "without a time zone");
	}
	const auto value = NumpyUnits(object, NumpyDtype(type.id()), type);
	if (!duckdb::timestamp_t(value).IsFinite()) {
		OutOfRange(type, object);
	}
	Set<int64_t>(vector, row, value);
}

//! The vector's unit is micros * multiplier / divisor
void WriteTimestamp(nb::handle object, Vector &vector, idx_t row, bool aware, int64_t multiplier, int64_t divisor) {
	const auto &type = vector.GetType();
	if (IsNumpyTime(object, "M")) {
		return WriteNumpyTimestamp(object, vector, row, aware);
	}
	const auto micros = EpochMicros(object, aware, type);
	if (micros % divisor != 0) {
		Mismatch(type, object, "too fine");
	}
	int64_t value;
	if (__builtin_mul_overflow(micros / divisor, multiplier, &value) || !duckdb::timestamp_t(value).IsFinite()) {
		OutOfRange(type, object);
	}
	Set<int64_t>(vector, row, value);
}

template <class T>
T IntervalField(nb::handle interval, const char *name, const LogicalType &type) {
	const auto integer = AsInteger(interval.attr(name), type);
	int overflow = 0;
	const auto value = PyLong_AsLongLongAndOverflow(integer.ptr(), &overflow);
	if (overflow != 0 || value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
		OutOfRange(type, interval);
	}
	return static_cast<T>(value);
}

//! Days and less like a timedelta; months stay months
duckdb::interval_t FromTimedelta64(nb::handle object, const LogicalType &type) {
	const auto dtype = TextOf(nb::object(object.attr("dtype").attr("str")));
	if (dtype.find('[') == std::string::npos) {
		Mismatch(type, object, "without a unit");
	}
	duckdb::interval_t interval {};
	if (dtype.find("[M]") != std::string::npos || dtype.find("[Y]") != std::string::npos) {
		const auto months = NumpyUnits(object, "timedelta64[M]", type);
		interval.months = static_cast<int32_t>(months);
		if (interval.months != months) {
			OutOfRange(type, object);
		}
		return interval;
	}
	constexpr int64_t kMicrosPerDay = kSecondsPerDay * kMicrosPerSecond;
	const auto micros = NumpyUnits(object, "timedelta64[us]", type);
	interval.micros = (micros % kMicrosPerDay + kMicrosPerDay) % kMicrosPerDay;
	interval.days = static_cast<int32_t>((micros - interval.micros) / kMicrosPerDay);
	return interval;
}

duckdb::interval_t ToInterval(nb::handle object, const LogicalType &type) {
	if (IsNumpyTime(object, "m")) {
		return FromTimedelta64(object, type);
	}
	duckdb::interval_t interval {};
	if (PyDelta_Check(object.ptr())) {
		interval.days = PyDateTime_DELTA_GET_DAYS(object.ptr());
		interval.micros = PyDateTime_DELTA_GET_SECONDS(object.ptr()) * kMicrosPerSecond +
		                  PyDateTime_DELTA_GET_MICROSECONDS(object.ptr());
		return interval;
	}
	if (!IsInstance(object, FindClass(PythonClass::INTERVAL))) {
		Mismatch(type, object);
	}
	interval.months = IntervalField<int32_t>(object, "months", type);
	interval.days = IntervalField<int32_t>(object, "days", type);
	interval.micros = IntervalField<int64_t>(object, "microseconds", type);
	return interval;
}

//===--------------------------------------------------------------------===//
// NULL
//===--------------------------------------------------------------------===//
void WriteNull(Vector &vector, idx_t row);

void WriteNulls(Vector &vector, idx_t first, idx_t count) {
	for (idx_t i = 0; i < count; i++) {
		WriteNull(vector, first + i);
	}
}

// Nested values leave no uninitialized strings and lists behind a NULL, as some code looks at them all the same
void WriteNull(Vector &vector, idx_t row) {
	FlatVector::ValidityMutable(vector).SetInvalid(row);
	const auto &type = vector.GetType();
	switch (type.InternalType()) {
	case PhysicalType::VARCHAR:
		return Set(vector, row, duckdb::string_t());
	case PhysicalType::LIST:
		return Set(vector, row, duckdb::list_entry_t(0, 0));
	case PhysicalType::ARRAY: {
		const auto length = duckdb::ArrayType::GetSize(type);
		return WriteNulls(duckdb::ArrayVector::GetChildMutable(vector), row * length, length);
	}
	case PhysicalType::STRUCT:
		for (auto &child : duckdb::StructVector::GetEntries(vector)) {
			WriteNull(child, row);
		}
		return;
	default:
		return;
	}
}

//===--------------------------------------------------------------------===//
// Lists
//===--------------------------------------------------------------------===//
//! A one-dimensional buffer of floating-point numbers, if the object has one
class FloatBuffer {
public:
	explicit FloatBuffer(nb::handle object) {
		if (!PyObject_CheckBuffer(object.ptr())) {
			return;
		}
		if (PyObject_GetBuffer(object.ptr(), &view, PyBUF_FORMAT | PyBUF_STRIDES) != 0) {
			PyErr_Clear();
			return;
		}
		if (IsNumpyArray(object) && FindAttribute(object, "mask").is_valid()) {
			return; // its buffer has values behind the mask
		}
		const std::string format = view.format ? view.format : "B";
		single = format == "f" && view.itemsize == sizeof(float);
		usable = view.ndim == 1 && (single || (format == "d" && view.itemsize == sizeof(double)));
	}

	FloatBuffer(const FloatBuffer &) = delete;
	FloatBuffer &operator=(const FloatBuffer &) = delete;

	~FloatBuffer() {
		PyBuffer_Release(&view); // of a view never filled: does nothing
	}

	explicit operator bool() const {
		return usable;
	}

	size_t Size() const {
		return static_cast<size_t>(view.shape[0]);
	}

	//! False: a number that only double can hold
	template <class T>
	bool CopyTo(T *target) const {
		const auto stride = view.strides[0];
		if (sizeof(T) == static_cast<size_t>(view.itemsize) && stride == view.itemsize) {
			std::memcpy(target, view.buf, Size() * sizeof(T));
			return true;
		}
		return single ? CopyEach<float>(target) : CopyEach<double>(target);
	}

private:
	template <class S, class T>
	bool CopyEach(T *target) const {
		const auto *source = static_cast<const char *>(view.buf);
		for (size_t i = 0; i < Size(); i++, source += view.strides[0]) {
			S value;
			std::memcpy(&value, source, sizeof(S));
			target[i] = static_cast<T>(value);
			if (std::isinf(target[i]) && !std::isinf(value)) {
				return false;
			}
		}
		return true;
	}

	Py_buffer view {};
	bool usable = false;
	bool single = false;
};

//! The elements of an array: Python's own objects of one dimension, and lists of arrays of more
nb::object ElementsOf(nb::handle array) {
	const auto kind = FindAttribute(array, "dtype").is_valid() ? DtypeKind(array) : std::string();
	const bool plain = nb::cast<Py_ssize_t>(array.attr("ndim")) == 1 && kind != "M" && kind != "m";
	return plain ? Checked(PySequence_List(nb::object(array.attr("tolist")()).ptr()))
	             : Checked(PySequence_List(array.ptr()));
}

bool IsArrayLike(nb::handle object) {
	if (!FindAttribute(object, "__array__").is_valid()) {
		return false;
	}
	const auto ndim = FindAttribute(object, "ndim");
	return ndim.is_valid() && PyLong_Check(ndim.ptr()) && nb::cast<Py_ssize_t>(ndim) > 0;
}

//! The elements as a list or tuple
nb::object AsSequence(nb::handle object, const LogicalType &type) {
	if (PyList_Check(object.ptr()) || PyTuple_Check(object.ptr())) {
		return nb::borrow(object);
	}
	if (!IsArrayLike(object)) {
		Mismatch(type, object);
	}
	return ElementsOf(object);
}

//! True: all elements were floats and are written
template <class T>
bool WriteFloats(nb::handle sequence, T *target, size_t count) {
	auto **items = PySequence_Fast_ITEMS(sequence.ptr());
	for (size_t i = 0; i < count; i++) {
		if (!PyFloat_CheckExact(items[i])) {
			return false;
		}
		target[i] = static_cast<T>(PyFloat_AS_DOUBLE(items[i]));
		if (std::isinf(target[i]) && !std::isinf(PyFloat_AS_DOUBLE(items[i]))) {
			return false; // the general way has the message
		}
	}
	return true;
}

bool WriteFloats(nb::handle sequence, size_t count, Vector &child, idx_t first) {
	switch (child.GetType().id()) {
	case LogicalTypeId::FLOAT:
		return WriteFloats(sequence, FlatVector::GetDataMutable<float>(child) + first, count);
	case LogicalTypeId::DOUBLE:
		return WriteFloats(sequence, FlatVector::GetDataMutable<double>(child) + first, count);
	default:
		return false;
	}
}

bool WriteFloatBuffer(const FloatBuffer &buffer, Vector &child, idx_t first) {
	if (child.GetType().id() == LogicalTypeId::FLOAT) {
		return buffer.CopyTo(FlatVector::GetDataMutable<float>(child) + first);
	}
	return buffer.CopyTo(FlatVector::GetDataMutable<double>(child) + first);
}

void SetAllValid(Vector &vector, idx_t first, idx_t count) {
	auto &validity = FlatVector::ValidityMutable(vector);
	if (validity.CanHaveNull()) {
		for (idx_t i = 0; i < count; i++) {
			validity.SetValid(first + i);
		}
	}
}

//! Writes the elements one after the other from the child's row first; conversions may run Python code, which may
//! change the list
void WriteElements(nb::handle sequence, size_t count, Vector &child, idx_t first) {
	if (WriteFloats(sequence, count, child, first)) {
		return SetAllValid(child, first, count);
	}
	for (size_t i = 0; i < count; i++) {
		if (static_cast<size_t>(PySequence_Fast_GET_SIZE(sequence.ptr())) != count) {
			throw Misfit("the list changed its size while it was read");
		}
		const auto element = nb::borrow(PySequence_Fast_GET_ITEM(sequence.ptr(), static_cast<Py_ssize_t>(i)));
		Within([i] { return ElementPath(i); }, [&] { Write(element, child, first + i); });
	}
}

//! Appends rows to the child of a list vector; takes them back if the function throws
template <class FUNCTION>
void AppendToList(Vector &vector, idx_t row, idx_t count, FUNCTION &&write) {
	const auto first = duckdb::ListVector::GetListSize(vector);
	duckdb::ListVector::Reserve(vector, first + count);
	try {
		write(duckdb::ListVector::GetChildMutable(vector), first);
	} catch (...) {
		duckdb::ListVector::SetListSize(vector, first);
		throw;
	}
	duckdb::ListVector::SetListSize(vector, first + count);
	Set(vector, row, duckdb::list_entry_t(first, count));
}

bool IsFloat(const LogicalType &type) {
	return type.id() == LogicalTypeId::FLOAT || type.id() == LogicalTypeId::DOUBLE;
}

template <class FUNCTION>
bool TryFloatBuffer(nb::handle object, const LogicalType &element, FUNCTION &&write) {
	if (!IsFloat(element) || PyList_Check(object.ptr()) || PyTuple_Check(object.ptr())) {
		return false;
	}
	const FloatBuffer buffer(object);
	if (!buffer) {
		return false;
	}
	write(buffer);
	return true;
}

void CopyBuffer(const FloatBuffer &buffer, Vector &child, idx_t first) {
	if (!WriteFloatBuffer(buffer, child, first)) {
		throw Misfit("expected " + NameOf(child.GetType()) + ", got a number that is out of range");
	}
	SetAllValid(child, first, buffer.Size());
}

void WriteList(nb::handle object, Vector &vector, idx_t row) {
	const auto &element = duckdb::ListType::GetChildType(vector.GetType());
	const bool written = TryFloatBuffer(object, element, [&](const auto &buffer) {
		AppendToList(vector, row, buffer.Size(),
		             [&](Vector &child, idx_t first) { CopyBuffer(buffer, child, first); });
	});
	if (written) {
		return;
	}
	const auto sequence = AsSequence(object, vector.GetType());
	const auto count = static_cast<size_t>(PySequence_Fast_GET_SIZE(sequence.ptr()));
	AppendToList(vector, row, count,
	             [&](Vector &child, idx_t first) { WriteElements(sequence, count, child, first); });
}

void CheckLength(size_t count, nb::handle object, const LogicalType &type) {
	if (count != duckdb::ArrayType::GetSize(type)) {
		Mismatch(type, object, std::to_string(count) + " elements");
	}
}

void WriteArray(nb::handle object, Vector &vector, idx_t row) {
	const auto &type = vector.GetType();
	auto &child = duckdb::ArrayVector::GetChildMutable(vector);
	const auto first = row * duckdb::ArrayType::GetSize(type);
	const bool written = TryFloatBuffer(object, child.GetType(), [&](const auto &buffer) {
		CheckLength(buffer.Size(), object, type);
		CopyBuffer(buffer, child, first);
	});
	if (written) {
		return;
	}
	const auto sequence = AsSequence(object, type);
	const auto count = static_cast<size_t>(PySequence_Fast_GET_SIZE(sequence.ptr()));
	CheckLength(count, object, type);
	WriteElements(sequence, count, child, first);
}

//===--------------------------------------------------------------------===//
// Structs, maps and unions
//===--------------------------------------------------------------------===//
//! The attributes that a list of names, or of things that have a name, speaks of
nb::object Attributes(nb::handle object, nb::handle names) {
	nb::dict dict;
	for (const nb::handle entry : names) {
		const nb::object name = PyUnicode_Check(entry.ptr()) ? nb::borrow(entry) : nb::object(entry.attr("name"));
		dict[name] = nb::getattr(object, name);
	}
	return std::move(dict);
}

//! The fields of a NamedTuple, a dataclass, a model of Pydantic or an attrs class; else an invalid object
nb::object FieldsOf(nb::handle object) {
	const nb::handle cls(reinterpret_cast<PyObject *>(Py_TYPE(object.ptr())));
	if (PyTuple_Check(object.ptr())) {
		return FindAttribute(object, "_fields").is_valid() ? nb::object(object.attr("_asdict")()) : nb::object();
	}
	if (FindAttribute(cls, "__dataclass_fields__").is_valid()) {
		return Attributes(object, nb::module_::import_("dataclasses").attr("fields")(object));
	}
	const auto models = FindAttribute(cls, "__pydantic_fields__");
	if (models.is_valid()) {
		return Attributes(object, models);
	}
	const auto attributes = FindAttribute(cls, "__attrs_attrs__");
	return attributes.is_valid() ? Attributes(object, attributes) : nb::object();
}

//! The fields as a dict
nb::object AsFields(nb::handle object, const LogicalType &type) {
	if (PyDict_Check(object.ptr())) {
		return nb::borrow(object);
	}
	auto fields = PyType_Check(object.ptr()) ? nb::object() : FieldsOf(object);
	if (!fields.is_valid() && !PyType_Check(object.ptr()) && FindAttribute(object, "model_dump").is_valid()) {
		fields = object.attr("model_dump")();
	}
	if (!fields.is_valid() || !PyDict_Check(fields.ptr())) {
		Mismatch(type, object);
	}
	return fields;
}

//! The field's value, or an invalid object if it is missing
nb::object FindField(nb::handle dict, const std::string &name) {
	const auto key = Checked(PyUnicode_FromStringAndSize(name.data(), static_cast<Py_ssize_t>(name.size())));
	auto *found = PyDict_GetItemWithError(dict.ptr(), key.ptr());
	if (!found && PyErr_Occurred()) {
		throw nb::python_error();
	}
	return nb::borrow(found);
}

bool HasField(const LogicalType &type, nb::handle key) {
	if (!PyUnicode_Check(key.ptr())) {
		return false;
	}
	const auto name = TextOf(key);
	for (const auto &field : duckdb::StructType::GetChildTypes(type)) {
		if (field.first.GetIdentifierName() == name) {
			return true;
		}
	}
	return false;
}

void CheckNoneUnknown(nb::handle dict, const LogicalType &type) {
	for (const nb::handle key : Checked(PyDict_Keys(dict.ptr()))) {
		if (!HasField(type, key)) {
			throw Misfit("unknown field " + Repr(key) + " for " + NameOf(type));
		}
	}
}

void WriteStruct(nb::handle object, Vector &vector, idx_t row) {
	const auto &type = vector.GetType();
	const auto dict = AsFields(object, type);
	const auto &fields = duckdb::StructType::GetChildTypes(type);
	auto &children = duckdb::StructVector::GetEntries(vector);
	for (size_t i = 0; i < fields.size(); i++) {
		const auto &name = fields[i].first.GetIdentifierName();
		const auto value = FindField(dict, name);
		if (!value.is_valid()) {
			throw Misfit("missing field '" + name + "' for " + NameOf(type));
		}
		Within([&] { return "." + name; }, [&] { Write(value, children[i], row); });
	}
	if (static_cast<size_t>(PyDict_Size(dict.ptr())) != fields.size()) {
		CheckNoneUnknown(dict, type);
	}
}

void WriteTuple(nb::handle object, Vector &vector, idx_t row) {
	const auto &type = vector.GetType();
	auto &children = duckdb::StructVector::GetEntries(vector);
	if (!PyTuple_Check(object.ptr())) {
		Mismatch(type, object);
	}
	if (static_cast<size_t>(PyTuple_GET_SIZE(object.ptr())) != children.size()) {
		Mismatch(type, object, std::to_string(PyTuple_GET_SIZE(object.ptr())) + " elements");
	}
	for (size_t i = 0; i < children.size(); i++) {
		const nb::handle element(PyTuple_GET_ITEM(object.ptr(), static_cast<Py_ssize_t>(i)));
		Within([i] { return ElementPath(i); }, [&] { Write(element, children[i], row); });
	}
}

// What PythonReader makes of a map whose keys cannot be hashed
bool IsListOfPairs(nb::handle object) {
	if (!PyList_Check(object.ptr())) {
		return false;
	}
	for (const nb::handle pair : nb::borrow<nb::list>(object)) {
		if (!PyTuple_Check(pair.ptr()) || PyTuple_GET_SIZE(pair.ptr()) != 2) {
			return false;
		}
	}
	return true;
}

void WriteKey(nb::handle key, Vector &keys, idx_t row) {
	try {
		Write(key, keys, row);
	} catch (Misfit &misfit) {
		misfit.message = "a key: " + misfit.message;
		throw;
	}
}

void WriteMap(nb::handle object, Vector &vector, idx_t row) {
	const auto &type = vector.GetType();
	if (!PyDict_Check(object.ptr()) && !IsListOfPairs(object)) {
		Mismatch(type, object);
	}
	// A copy, which no Python code can change
	const auto items = nb::cast<nb::list>(PyDict_Check(object.ptr()) ? Checked(PyDict_Items(object.ptr()))
	                                                                 : Checked(PySequence_List(object.ptr())));
	AppendToList(vector, row, items.size(), [&](Vector &child, idx_t first) {
		auto &entries = duckdb::StructVector::GetEntries(child);
		SetAllValid(child, first, items.size());
		for (size_t i = 0; i < items.size(); i++) {
			const nb::object key = items[i][0];
			const nb::object value = items[i][1];
			if (key.is_none()) {
				throw Misfit("expected " + NameOf(type) + ", got a key None");
			}
			WriteKey(key, entries[0], first + i);
			Within([&] { return "[" + Repr(key) + "]"; }, [&] { Write(value, entries[1], first + i); });
		}
	});
}

//! False: the member does not accept the object
bool TryMember(nb::handle object, Vector &member, idx_t row) {
	try {
		Write(object, member, row);
		return true;
	} catch (const Misfit &) {
		return false;
	}
}

void WriteUnion(nb::handle object, Vector &vector, idx_t row) {
	auto &children = duckdb::StructVector::GetEntries(vector);
	size_t chosen = 0; // 0 is the vector of the numbers of the members
	for (size_t i = 1; i < children.size(); i++) {
		if (chosen == 0 && TryMember(object, children[i], row)) {
			chosen = i;
		} else {
			WriteNull(children[i], row);
		}
	}
	if (chosen == 0) {
		Mismatch(vector.GetType(), object);
	}
	FlatVector::ValidityMutable(children[0]).SetValid(row);
	Set(children[0], row, static_cast<duckdb::union_tag_t>(chosen - 1));
}

//===--------------------------------------------------------------------===//
// Variants
//===--------------------------------------------------------------------===//
duckdb::Value VariantOf(nb::handle object);

struct RecursionGuard {
	RecursionGuard() = default;
	RecursionGuard(const RecursionGuard &) = delete;
	RecursionGuard &operator=(const RecursionGuard &) = delete;
	~RecursionGuard() {
		Py_LeaveRecursiveCall();
	}
};

LogicalType IntegerType(nb::handle integer) {
	duckdb::hugeint_t huge;
	if (!ToHugeint(integer, huge)) {
		return LogicalType::BIGNUM;
	}
	int64_t small;
	return duckdb::Hugeint::TryCast(huge, small) ? LogicalType::BIGINT : LogicalType::HUGEINT;
}

LogicalType DecimalTypeOf(nb::handle decimal) {
	const auto digits = SplitDecimal(decimal, LogicalType::VARIANT());
	const auto scale = std::max<int64_t>(0, -digits.exponent);
	const auto width = std::max<int64_t>(
	    {scale, static_cast<int64_t>(digits.digits.size()) + std::max<int64_t>(0, digits.exponent), 1});
	if (width > duckdb::Decimal::MAX_WIDTH_DECIMAL) {
		OutOfRange(LogicalType::VARIANT(), decimal);
	}
	return LogicalType::DECIMAL(static_cast<uint8_t>(width), static_cast<uint8_t>(scale));
}

bool IsAware(nb::handle object) {
	return !nb::object(object.attr("utcoffset")()).is_none();
}

LogicalType TimeTypeOf(nb::handle object) {
	if (PyDateTime_Check(object.ptr())) {
		return IsAware(object) ? LogicalType::TIMESTAMP_TZ : LogicalType::TIMESTAMP;
	}
	if (PyTime_Check(object.ptr())) {
		return IsAware(object) ? LogicalType::TIME_TZ : LogicalType::TIME;
	}
	if (PyDate_Check(object.ptr())) {
		return LogicalType::DATE;
	}
	const bool interval = PyDelta_Check(object.ptr()) || IsOf(object, FindClass(PythonClass::INTERVAL));
	return interval ? LogicalType::INTERVAL : LogicalType::INVALID;
}

//! The SQL type that an object would have by itself, if it is not nested; else INVALID
LogicalType ScalarTypeOf(nb::handle object) {
	if (PyBool_Check(object.ptr())) {
		return LogicalType::BOOLEAN;
	}
	if (PyLong_Check(object.ptr())) {
		return IntegerType(object);
	}
	if (PyFloat_Check(object.ptr())) {
		return LogicalType::DOUBLE;
	}
	if (PyUnicode_Check(object.ptr())) {
		return LogicalType::VARCHAR;
	}
	if (PyBytes_Check(object.ptr()) || PyByteArray_Check(object.ptr())) {
		return LogicalType::BLOB;
	}
	if (IsOf(object, FindClass(PythonClass::DECIMAL))) {
		return DecimalTypeOf(object);
	}
	return IsOf(object, FindClass(PythonClass::UUID)) ? LogicalType::UUID : TimeTypeOf(object);
}

duckdb::Value WrittenAs(nb::handle object, const LogicalType &type) {
	Vector vector(type, 1);
	Write(object, vector, 0);
	FlatVector::SetSize(vector, 1);
	return vector.GetValue(0);
}

duckdb::Value VariantList(nb::handle sequence) {
	duckdb::vector<duckdb::Value> values;
	const auto count = PySequence_Fast_GET_SIZE(sequence.ptr());
	for (Py_ssize_t i = 0; i < count && i < PySequence_Fast_GET_SIZE(sequence.ptr()); i++) {
		const auto element = nb::borrow(PySequence_Fast_GET_ITEM(sequence.ptr(), i));
		Within([i] { return ElementPath(static_cast<size_t>(i)); }, [&] { values.push_back(VariantOf(element)); });
	}
	return duckdb::Value::LIST(LogicalType::VARIANT(), std::move(values));
}

duckdb::Value VariantObject(nb::handle dict) {
	duckdb::child_list_t<duckdb::Value> fields;
	for (const nb::handle item : Checked(PyDict_Items(dict.ptr()))) {
		const nb::object key = item[0];
		if (!PyUnicode_Check(key.ptr()) || PyUnicode_GET_LENGTH(key.ptr()) == 0) {
			throw Misfit("expected VARIANT, got the key " + Repr(key) + " (keys are strings, and not empty)");
		}
		const auto name = TextOf(key);
		Within([&] { return "." + name; }, [&] { fields.emplace_back(name, VariantOf(item[1])); });
	}
	if (fields.empty()) { // there is no STRUCT without fields, but an object of JSON
		return WrittenAs(nb::str("{}"), LogicalType::JSON());
	}
	return duckdb::Value::STRUCT(std::move(fields));
}

duckdb::Value NestedOf(nb::handle object) {
	const bool list = PyList_Check(object.ptr()) || PyTuple_Check(object.ptr());
	if (const auto fields = FieldsOf(object); fields.is_valid()) {
		return VariantObject(fields);
	}
	return list || IsArrayLike(object) ? VariantList(AsSequence(object, LogicalType::VARIANT()))
	                                   : VariantObject(AsFields(object, LogicalType::VARIANT()));
}

duckdb::Value VariantOf(nb::handle object) {
	const auto plain = Unwrapped(object);
	if (plain.is_none()) {
		return duckdb::Value(LogicalType::VARIANT());
	}
	LogicalType type;
	if (IsNumpyTime(plain, "M")) {
		type = LogicalType::TIMESTAMP_NS;
	} else if (IsNumpyTime(plain, "m")) {
		type = LogicalType::INTERVAL;
	} else {
		type = ScalarTypeOf(plain);
	}
	if (Py_EnterRecursiveCall(" in a value for VARIANT") != 0) {
		throw nb::python_error();
	}
	const RecursionGuard guard;
	const auto value = type == LogicalType::INVALID ? NestedOf(plain) : WrittenAs(plain, type);
	return value.DefaultCastAs(LogicalType::VARIANT());
}

void WriteVariant(nb::handle object, Vector &vector, idx_t row) {
	vector.SetValue(row, VariantOf(object));
}

//===--------------------------------------------------------------------===//
// Every type
//===--------------------------------------------------------------------===//
void WriteValid(nb::handle object, Vector &vector, idx_t row) {
	switch (vector.GetType().id()) {
	case LogicalTypeId::BOOLEAN:
		return WriteBool(object, vector, row);
	case LogicalTypeId::TINYINT:
		return WriteSigned<int8_t>(object, vector, row);
	case LogicalTypeId::SMALLINT:
		return WriteSigned<int16_t>(object, vector, row);
	case LogicalTypeId::INTEGER:
		return WriteSigned<int32_t>(object, vector, row);
	case LogicalTypeId::BIGINT:
		return WriteSigned<int64_t>(object, vector, row);
	case LogicalTypeId::UTINYINT:
		return WriteUnsigned<uint8_t>(object, vector, row);
	case LogicalTypeId::USMALLINT:
		return WriteUnsigned<uint16_t>(object, vector, row);
	case LogicalTypeId::UINTEGER:
		return WriteUnsigned<uint32_t>(object, vector, row);
	case LogicalTypeId::UBIGINT:
		return WriteUnsigned<uint64_t>(object, vector, row);
	case LogicalTypeId::HUGEINT:
		return WriteHugeint(object, vector, row);
	case LogicalTypeId::UHUGEINT:
		return WriteUhugeint(object, vector, row);
	case LogicalTypeId::BIGNUM:
		return WriteBignum(object, vector, row);
	case LogicalTypeId::FLOAT:
		return WriteFloat<float>(object, vector, row);
	case LogicalTypeId::DOUBLE:
		return WriteFloat<double>(object, vector, row);
	case LogicalTypeId::DECIMAL:
		return WriteDecimal(object, vector, row);
	case LogicalTypeId::VARCHAR:
	case LogicalTypeId::CHAR:
		return WriteText(object, vector, row);
	case LogicalTypeId::ENUM:
		return WriteEnum(object, vector, row);
	case LogicalTypeId::BIT:
		return WriteBits(object, vector, row);
	case LogicalTypeId::BLOB:
		return WriteBlob(object, vector, row);
	case LogicalTypeId::UUID:
		return WriteUuid(object, vector, row);
	case LogicalTypeId::DATE:
		return WriteDate(object, vector, row);
	case LogicalTypeId::TIME:
		return WriteTime(object, vector, row, 1);
	case LogicalTypeId::TIME_NS:
		return WriteTime(object, vector, row, 1000);
	case LogicalTypeId::TIME_TZ:
		return WriteTimeTz(object, vector, row);
	case LogicalTypeId::TIMESTAMP:
		return WriteTimestamp(object, vector, row, false, 1, 1);
	case LogicalTypeId::TIMESTAMP_SEC:
		return WriteTimestamp(object, vector, row, false, 1, kMicrosPerSecond);
	case LogicalTypeId::TIMESTAMP_MS:
		return WriteTimestamp(object, vector, row, false, 1, 1000);
	case LogicalTypeId::TIMESTAMP_NS:
		return WriteTimestamp(object, vector, row, false, 1000, 1);
	case LogicalTypeId::TIMESTAMP_TZ:
		return WriteTimestamp(object, vector, row, true, 1, 1);
	case LogicalTypeId::TIMESTAMP_TZ_NS:
		return WriteTimestamp(object, vector, row, true, 1000, 1);
	case LogicalTypeId::INTERVAL:
		return Set(vector, row, ToInterval(object, vector.GetType()));
	case LogicalTypeId::LIST:
		return WriteList(object, vector, row);
	case LogicalTypeId::ARRAY:
		return WriteArray(object, vector, row);
	case LogicalTypeId::STRUCT:
		return WriteStruct(object, vector, row);
	case LogicalTypeId::TUPLE:
		return WriteTuple(object, vector, row);
	case LogicalTypeId::MAP:
		return WriteMap(object, vector, row);
	case LogicalTypeId::UNION:
		return WriteUnion(object, vector, row);
	case LogicalTypeId::GEOMETRY:
		return WriteGeometry(object, vector, row);
	case LogicalTypeId::VARIANT:
		return WriteVariant(object, vector, row);
	case LogicalTypeId::SQLNULL:
		Mismatch(vector.GetType(), object);
	default:
		throw Misfit("Python objects cannot be converted to " + NameOf(vector.GetType()));
	}
}

//! Objects that need no second look
bool IsPlain(nb::handle object) {
	auto *type = Py_TYPE(object.ptr());
	return type == &PyLong_Type || type == &PyFloat_Type || type == &PyUnicode_Type || type == &PyList_Type ||
	       type == &PyDict_Type || type == &PyBool_Type || type == &PyTuple_Type || type == &PyBytes_Type;
}

//! An object as the conversions take it: without an enum or NumPy around it
nb::object Prepared(nb::handle object, const LogicalType &type) {
	auto plain = Unwrapped(object);
	const bool member = type.id() == LogicalTypeId::ENUM && IsOf(object, FindClass(PythonClass::ENUM));
	return member ? Checked(PyObject_Str(plain.ptr())) : plain; // its ENUM has the texts of the values
}

void WriteUnwrapped(nb::handle object, Vector &vector, idx_t row) {
	const auto plain = Prepared(object, vector.GetType());
	if (plain.is_none()) {
		return WriteNull(vector, row);
	}
	try {
		WriteValid(plain, vector, row);
	} catch (Misfit &misfit) {
		if (!plain.is(object) && misfit.path.empty()) {
			misfit.message += " (of " + std::string(Py_TYPE(object.ptr())->tp_name) + ")";
		}
		throw;
	}
}

void Write(nb::handle object, Vector &vector, idx_t row) {
	if (object.is_none()) {
		return WriteNull(vector, row);
	}
	FlatVector::ValidityMutable(vector).SetValid(row);
	if (IsPlain(object)) {
		return WriteValid(object, vector, row);
	}
	WriteUnwrapped(object, vector, row);
}

} // namespace

void WriteObject(nb::handle object, Vector &vector, idx_t row) {
	try {
		ImportDatetime();
		Write(object, vector, row);
	} catch (const Misfit &misfit) {
		throw duckdb::InvalidInputException(misfit.Text());
	} catch (const nb::python_error &error) {
		throw duckdb::InvalidInputException(MessageOf(error));
	} catch (const std::bad_cast &) { // an object that poses as what it is not
		throw duckdb::InvalidInputException("expected " + NameOf(vector.GetType()) + ", got " + Describe(object));
	}
}

nb::object BatchItems(nb::handle result) {
	if (IsArrayLike(result)) {
		return ElementsOf(result);
	}
	return Checked(PySequence_Fast(result.ptr(), "a batch function returns a list"));
}

duckdb::Value ToValue(nb::handle object, const LogicalType &type) {
	Vector vector(type, 1);
	WriteObject(object, vector, 0);
	FlatVector::SetSize(vector, 1);
	return vector.GetValue(0);
}

} // namespace cocosql
