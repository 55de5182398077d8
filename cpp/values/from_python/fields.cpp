#include "values/from_python/fields.hpp"

#include "values/from_python/misfit.hpp"
#include "values/from_python/objects.hpp"

namespace cocosql::from_python {

using namespace duckdb;

namespace {

//! The attributes that a list of names, or of things that have a name, speaks of
nb::object Attributes(nb::handle object, nb::handle names) {
	nb::dict dict;
	for (const nb::handle entry : names) {
		const nb::object name = PyUnicode_Check(entry.ptr()) ? nb::borrow(entry) : nb::object(entry.attr("name"));
		dict[name] = nb::getattr(object, name);
	}
	return std::move(dict);
}

} // namespace

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

} // namespace cocosql::from_python
