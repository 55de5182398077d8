#include "values/from_python/objects.hpp"

#include "values/from_python/misfit.hpp"

namespace cocosql::from_python {

using namespace duckdb;

std::string TextOf(nb::handle text) {
	Py_ssize_t size = 0;
	const char *data = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
	if (!data) {
		throw nb::python_error();
	}
	return std::string(data, static_cast<size_t>(size));
}

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

bool IsOf(nb::handle object, nb::handle cls) {
	return cls.is_valid() && PyObject_TypeCheck(object.ptr(), reinterpret_cast<PyTypeObject *>(cls.ptr()));
}

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

nb::object IndexOf(nb::handle object, const LogicalType &type) {
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

} // namespace cocosql::from_python
