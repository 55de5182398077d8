// FLOAT and DOUBLE, and BOOLEAN.
#include "values/from_python/misfit.hpp"
#include "values/from_python/objects.hpp"
#include "values/from_python/write.hpp"

#include <cmath>

namespace cocosql::from_python {

using namespace duckdb;

namespace {

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

} // namespace

template <class T>
void WriteFloat(nb::handle object, Vector &vector, idx_t row) {
	Set<T>(vector, row, ToFloat<T>(object, vector.GetType()));
}

template void WriteFloat<float>(nb::handle, Vector &, idx_t);
template void WriteFloat<double>(nb::handle, Vector &, idx_t);

void WriteBool(nb::handle object, Vector &vector, idx_t row) {
	if (!PyBool_Check(object.ptr())) {
		Mismatch(vector.GetType(), object);
	}
	Set<bool>(vector, row, object.is(nb::handle(Py_True)));
}

} // namespace cocosql::from_python
