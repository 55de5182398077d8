// STRUCT, from what has fields, and TUPLE.
#include "duckdb/common/vector/struct_vector.hpp"
#include "values/from_python/fields.hpp"
#include "values/from_python/misfit.hpp"
#include "values/from_python/objects.hpp"
#include "values/from_python/write.hpp"

namespace cocosql::from_python {

using namespace duckdb;

namespace {

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
	for (const auto &field : StructType::GetChildTypes(type)) {
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

} // namespace

void WriteStruct(nb::handle object, Vector &vector, idx_t row) {
	const auto &type = vector.GetType();
	const auto dict = AsFields(object, type);
	const auto &fields = StructType::GetChildTypes(type);
	auto &children = StructVector::GetEntries(vector);
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
	auto &children = StructVector::GetEntries(vector);
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

} // namespace cocosql::from_python
