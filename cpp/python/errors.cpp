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
	return nb::cast<nb::str>(nb::object(lines.attr("strip")())).c_str();
}

} // namespace

ErrorData ToErrorData(nb::python_error &error) {
	if (error.matches(PyExc_KeyboardInterrupt)) {
		return ErrorData(ExceptionType::INTERRUPT, "Interrupted!");
	}
	try {
		auto duckdb = nb::module_::import_("duckdb");
		for (auto &entry : ERROR_CLASSES) {
			if (error.type().is(duckdb.attr(entry.name))) {
				return ErrorData(entry.type, nb::str(error.value()).c_str());
			}
		}
		return ErrorData(ExceptionType::INVALID_INPUT, FormatTraceback(error));
	} catch (nb::python_error &nested) {
		return ErrorData(ExceptionType::INVALID_INPUT, nested.what());
	}
}

void RaiseInPython(const ErrorData &error) {
	auto duckdb = nb::module_::import_("duckdb");
	const char *name = "Error";
	for (auto &entry : ERROR_CLASSES) {
		if (entry.type == error.Type()) {
			name = entry.name;
		}
	}
	PyErr_SetString(duckdb.attr(name).ptr(), error.RawMessage().c_str());
	throw nb::python_error();
}

} // namespace cocosql
