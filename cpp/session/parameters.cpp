#include "session/parameters.hpp"

#include "values/values.hpp"

namespace cocosql {

namespace nb = nanobind;
using duckdb::LogicalType;
using duckdb::Value;

namespace {

LogicalType IntegerType(nb::handle object) {
	int overflow = 0;
	PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
	return overflow ? LogicalType::UHUGEINT : LogicalType::BIGINT;
}

LogicalType InferType(nb::handle object) {
	if (PyBool_Check(object.ptr())) {
		return LogicalType::BOOLEAN;
	}
	if (PyLong_Check(object.ptr())) {
		return IntegerType(object);
	}
	if (PyFloat_Check(object.ptr())) {
		return LogicalType::DOUBLE;
	}
	if (PyBytes_Check(object.ptr())) {
		return LogicalType::BLOB;
	}
	if (nb::isinstance<nb::list>(object)) {
		auto list = nb::borrow<nb::list>(object);
		return LogicalType::LIST(list.size() == 0 ? LogicalType::VARCHAR : InferType(list[0]));
	}
	if (PyDict_Check(object.ptr())) {
		return LogicalType::MAP(LogicalType::VARCHAR, LogicalType::VARCHAR);
	}
	return LogicalType::VARCHAR;
}

} // namespace

Value InferValue(nb::handle object) {
	return object.is_none() ? Value() : ToValue(object, InferType(object));
}

} // namespace cocosql
