// Writes Python objects into DuckDB's vectors, exactly or not at all: values/from_python/ has a file for each family of
// types.
#include "duckdb/common/vector/flat_vector.hpp"
#include "values/from_python/misfit.hpp"
#include "values/from_python/numpy.hpp"
#include "values/from_python/objects.hpp"
#include "values/from_python/write.hpp"

namespace cocosql {

using namespace duckdb;
using namespace from_python;

static std::string MessageOf(const nb::python_error &error) {
	const auto type = nb::borrow<nb::object>(error.type());
	const auto text = nb::steal(PyObject_Str(error.value().ptr()));
	std::string message = reinterpret_cast<PyTypeObject *>(type.ptr())->tp_name;
	if (text && PyUnicode_AsUTF8(text.ptr())) {
		message += ": " + TextOf(text);
	}
	PyErr_Clear();
	return message;
}

void WriteObject(nb::handle object, Vector &vector, idx_t row) {
	try {
		ImportTimes();
		Write(object, vector, row);
	} catch (const Misfit &misfit) {
		throw InvalidInputException(misfit.Text());
	} catch (const nb::python_error &error) {
		throw InvalidInputException(MessageOf(error));
	} catch (const std::bad_cast &) { // an object that poses as what it is not
		throw InvalidInputException("expected " + NameOf(vector.GetType()) + ", got " + Describe(object));
	}
}

nb::object BatchItems(nb::handle result) {
	if (IsArrayLike(result)) {
		return ElementsOf(result);
	}
	return Checked(PySequence_Fast(result.ptr(), "a batch function returns a list"));
}

Value ToValue(nb::handle object, const LogicalType &type) {
	Vector vector(type, 1);
	WriteObject(object, vector, 0);
	FlatVector::SetSize(vector, 1);
	return vector.GetValue(0);
}

} // namespace cocosql
