// Integers: of 8 to 128 bits, and BIGNUM.
#include "duckdb/common/types/bignum.hpp"
#include "duckdb/common/types/hugeint.hpp"
#include "values/from_python/misfit.hpp"
#include "values/from_python/objects.hpp"
#include "values/from_python/write.hpp"

#include <limits>

namespace cocosql::from_python {

using namespace duckdb;

namespace {

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
bool ToHugeint(nb::handle integer, hugeint_t &result) {
	int overflow = 0;
	result.upper = PyLong_AsLongLongAndOverflow(UpperWord(integer).ptr(), &overflow);
	result.lower = LowerWord(integer);
	return overflow == 0;
}

} // namespace

bool ToUhugeint(nb::handle integer, uhugeint_t &result) {
	result.lower = LowerWord(integer);
	return FitsUnsigned(UpperWord(integer), result.upper);
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

template void WriteSigned<int8_t>(nb::handle, Vector &, idx_t);
template void WriteSigned<int16_t>(nb::handle, Vector &, idx_t);
template void WriteSigned<int32_t>(nb::handle, Vector &, idx_t);
template void WriteSigned<int64_t>(nb::handle, Vector &, idx_t);

template <class T>
void WriteUnsigned(nb::handle object, Vector &vector, idx_t row) {
	const auto integer = AsInteger(object, vector.GetType());
	uint64_t value;
	if (!FitsUnsigned(integer, value) || value > std::numeric_limits<T>::max()) {
		OutOfRange(vector.GetType(), object);
	}
	Set<T>(vector, row, static_cast<T>(value));
}

template void WriteUnsigned<uint8_t>(nb::handle, Vector &, idx_t);
template void WriteUnsigned<uint16_t>(nb::handle, Vector &, idx_t);
template void WriteUnsigned<uint32_t>(nb::handle, Vector &, idx_t);
template void WriteUnsigned<uint64_t>(nb::handle, Vector &, idx_t);

void WriteHugeint(nb::handle object, Vector &vector, idx_t row) {
	hugeint_t value;
	if (!ToHugeint(AsInteger(object, vector.GetType()), value)) {
		OutOfRange(vector.GetType(), object);
	}
	Set(vector, row, value);
}

void WriteUhugeint(nb::handle object, Vector &vector, idx_t row) {
	uhugeint_t value;
	if (!ToUhugeint(AsInteger(object, vector.GetType()), value)) {
		OutOfRange(vector.GetType(), object);
	}
	Set(vector, row, value);
}

// Not by way of decimal digits, the number of which Python limits
void WriteBignum(nb::handle object, Vector &vector, idx_t row) {
	const auto integer = AsInteger(object, vector.GetType());
	const auto magnitude = Checked(PyNumber_Absolute(integer.ptr()));
	const bool negative = CheckedStatus(PyObject_RichCompareBool(integer.ptr(), magnitude.ptr(), Py_NE)) != 0;
	const auto bits = nb::cast<size_t>(magnitude.attr("bit_length")());
	const size_t size = bits == 0 ? 1 : (bits + 7) / 8;
	if (size > Bignum::MAX_DATA_SIZE) {
		OutOfRange(vector.GetType(), object);
	}
	const auto bytes = nb::cast<nb::bytes>(magnitude.attr("to_bytes")(size, "big"));
	std::string copy(bytes.c_str(), size);
	WriteString(Bignum::FromByteArray(reinterpret_cast<uint8_t *>(copy.data()), size, negative), vector, row);
}

LogicalType IntegerTypeOf(nb::handle integer) {
	hugeint_t huge;
	if (!ToHugeint(integer, huge)) {
		return LogicalType::BIGNUM;
	}
	int64_t small;
	return Hugeint::TryCast(huge, small) ? LogicalType::BIGINT : LogicalType::HUGEINT;
}

} // namespace cocosql::from_python
