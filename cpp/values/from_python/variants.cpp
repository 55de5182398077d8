// VARIANT: an object has the SQL type that is natural to it.
#include "values/from_python/fields.hpp"
#include "values/from_python/lists.hpp"
#include "values/from_python/misfit.hpp"
#include "values/from_python/numpy.hpp"
#include "values/from_python/objects.hpp"

namespace cocosql::from_python {

using namespace duckdb;

namespace {

Value VariantOf(nb::handle object);

struct RecursionGuard {
	RecursionGuard() = default;
	RecursionGuard(const RecursionGuard &) = delete;
	RecursionGuard &operator=(const RecursionGuard &) = delete;
	~RecursionGuard() {
		Py_LeaveRecursiveCall();
	}
};

//! The SQL type that an object would have by itself, if it is not nested; else INVALID
LogicalType ScalarTypeOf(nb::handle object) {
	if (PyBool_Check(object.ptr())) {
		return LogicalType::BOOLEAN;
	}
	if (PyLong_Check(object.ptr())) {
		return IntegerTypeOf(object);
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

Value WrittenAs(nb::handle object, const LogicalType &type) {
	Vector vector(type, 1);
	Write(object, vector, 0);
	FlatVector::SetSize(vector, 1);
	return vector.GetValue(0);
}

Value VariantList(nb::handle sequence) {
	vector<Value> values;
	const auto count = PySequence_Fast_GET_SIZE(sequence.ptr());
	for (Py_ssize_t i = 0; i < count && i < PySequence_Fast_GET_SIZE(sequence.ptr()); i++) {
		const auto element = nb::borrow(PySequence_Fast_GET_ITEM(sequence.ptr(), i));
		Within([i] { return ElementPath(static_cast<size_t>(i)); }, [&] { values.push_back(VariantOf(element)); });
	}
	return Value::LIST(LogicalType::VARIANT(), std::move(values));
}

Value VariantObject(nb::handle dict) {
	child_list_t<Value> fields;
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
	return Value::STRUCT(std::move(fields));
}

Value NestedOf(nb::handle object) {
	const bool list = PyList_Check(object.ptr()) || PyTuple_Check(object.ptr());
	if (const auto fields = FieldsOf(object); fields.is_valid()) {
		return VariantObject(fields);
	}
	return list || IsArrayLike(object) ? VariantList(AsSequence(object, LogicalType::VARIANT()))
	                                   : VariantObject(AsFields(object, LogicalType::VARIANT()));
}

Value VariantOf(nb::handle object) {
	const auto plain = Unwrapped(object);
	if (plain.is_none()) {
		return Value(LogicalType::VARIANT());
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

} // namespace

void WriteVariant(nb::handle object, Vector &vector, idx_t row) {
	vector.SetValue(row, VariantOf(object));
}

} // namespace cocosql::from_python
