#include "python/errors.hpp"

#include "duckdb/common/exception.hpp"

namespace cocosql {

using duckdb::ErrorData;
using duckdb::ExceptionType;

namespace {

struct ErrorClass {
	ExceptionType type;
	const char *name;
};

//! The classes of the duckdb module, by the engine's type of error.
constexpr ErrorClass ERROR_CLASSES[] = {
    {ExceptionType::CATALOG, "CatalogException"},
    {ExceptionType::BINDER, "BinderException"},
    {ExceptionType::PARSER, "ParserException"},
    {ExceptionType::SYNTAX, "SyntaxException"},
    {ExceptionType::INVALID_INPUT, "InvalidInputException"},
    {ExceptionType::NOT_IMPLEMENTED, "NotImplementedException"},
    {ExceptionType::TRANSACTION, "TransactionException"},
    {ExceptionType::CONSTRAINT, "ConstraintException"},
    {ExceptionType::CONVERSION, "ConversionException"},
    {ExceptionType::OUT_OF_RANGE, "OutOfRangeException"},
    {ExceptionType::IO, "IOException"},
    {ExceptionType::INTERRUPT, "InterruptException"},
    {ExceptionType::PERMISSION, "PermissionException"},
    {ExceptionType::DEPENDENCY, "DependencyException"},
    {ExceptionType::MISMATCH_TYPE, "TypeMismatchException"},
    {ExceptionType::INVALID_TYPE, "InvalidTypeException"},
    {ExceptionType::OUT_OF_MEMORY, "OutOfMemoryException"},
    {ExceptionType::CONNECTION, "ConnectionException"},
    {ExceptionType::SERIALIZATION, "SerializationException"},
    {ExceptionType::SEQUENCE, "SequenceException"},
    {ExceptionType::INTERNAL, "InternalException"},
    {ExceptionType::FATAL, "FatalException"},
};

std::string FormatTraceback(nb::python_error &error) {
	auto format = nb::module_::import_("traceback").attr("format_exception");
	auto lines = nb::str("").attr("join")(format(error.value()));
	return ShownText(lines.attr("strip")());
}

} // namespace

ErrorData ToErrorData(nb::python_error &error) {
	if (error.matches(PyExc_KeyboardInterrupt)) {
		return ErrorData(ExceptionType::INTERRUPT, "Interrupted!");
	}
	try {
		auto duckdb = nb::module_::import_("duckdb");
		for (auto &entry : ERROR_CLASSES) {
			if (error.matches(duckdb.attr(entry.name))) { // or one of its subclasses
				return ErrorData(entry.type, ShownText(nb::str(error.value())));
			}
		}
		return ErrorData(ExceptionType::INVALID_INPUT, FormatTraceback(error));
	} catch (nb::python_error &nested) {
		return ErrorData(ExceptionType::INVALID_INPUT, nested.what());
	}
}

std::string MessageOf(const ErrorData &error) {
	auto &message = error.RawMessage();
	auto text = PyUnicode_DecodeUTF8(message.data(), static_cast<Py_ssize_t>(message.size()), "replace");
	if (!text) {
		throw nb::python_error();
	}
	return ShownText(nb::steal(text));
}

std::string ShownText(nb::handle text) {
	auto bytes = nb::steal<nb::bytes>(PyUnicode_AsEncodedString(text.ptr(), "utf-8", "backslashreplace"));
	if (!bytes.is_valid()) {
		throw nb::python_error();
	}
	return std::string(bytes.c_str(), bytes.size());
}

void RaiseInPython(const ErrorData &error) {
	auto duckdb = nb::module_::import_("duckdb");
	const char *name = "Error";
	for (auto &entry : ERROR_CLASSES) {
		if (entry.type == error.Type()) {
			name = entry.name;
		}
	}
	PyErr_SetString(duckdb.attr(name).ptr(), MessageOf(error).c_str());
	throw nb::python_error();
}

} // namespace cocosql
