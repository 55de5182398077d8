#include "values/from_python/numpy.hpp"

#include "values/from_python/misfit.hpp"
#include "values/from_python/objects.hpp"

namespace cocosql::from_python {

using namespace duckdb;

namespace {

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

std::string DtypeKind(nb::handle object) {
	return TextOf(nb::object(object.attr("dtype").attr("kind")));
}

} // namespace

bool IsNumpyArray(nb::handle object) {
	static nb::handle held;
	return IsOf(object, NumpyClass("ndarray", held));
}

bool IsNumpy(nb::handle object) {
	static nb::handle held;
	return IsOf(object, NumpyClass("generic", held)) || IsNumpyArray(object);
}

bool IsNumpyTime(nb::handle object, const char *kind) {
	return IsNumpy(object) && DtypeKind(object) == kind && nb::cast<Py_ssize_t>(object.attr("ndim")) == 0;
}

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

int64_t NumpyUnits(nb::handle object, const std::string &dtype, const LogicalType &type) {
	const nb::object converted = object.attr("astype")(dtype.c_str());
	const nb::object back = converted.attr("astype")(object.attr("dtype"));
	if (!IsTrue(back.attr("__eq__")(object))) {
		Mismatch(type, object, "out of range or too fine");
	}
	return nb::cast<int64_t>(nb::int_(nb::object(converted.attr("astype")("int64"))));
}

bool IsArrayLike(nb::handle object) {
	if (!FindAttribute(object, "__array__").is_valid()) {
		return false;
	}
	const auto ndim = FindAttribute(object, "ndim");
	return ndim.is_valid() && PyLong_Check(ndim.ptr()) && nb::cast<Py_ssize_t>(ndim) > 0;
}

nb::object ElementsOf(nb::handle array) {
	const auto kind = FindAttribute(array, "dtype").is_valid() ? DtypeKind(array) : std::string();
	const bool plain = nb::cast<Py_ssize_t>(array.attr("ndim")) == 1 && kind != "M" && kind != "m";
	return plain ? Checked(PySequence_List(nb::object(array.attr("tolist")()).ptr()))
	             : Checked(PySequence_List(array.ptr()));
}

} // namespace cocosql::from_python
