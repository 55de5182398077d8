//! The fields of objects that stand for a STRUCT.
#pragma once

#include "values/values.hpp"

namespace cocosql::from_python {

//! The fields of a NamedTuple, a dataclass, a model of Pydantic or an attrs class, as a dict; else an invalid object.
nb::object FieldsOf(nb::handle object);
//! The same, also of a dict and of what has model_dump(); a Misfit for any other object.
nb::object AsFields(nb::handle object, const duckdb::LogicalType &type);

} // namespace cocosql::from_python
