//! coco_register(id): makes a function of cocosql.udf known to the database instance of the connection that calls it.
#pragma once

#include "duckdb/function/scalar_function.hpp"

namespace cocosql {

duckdb::ScalarFunction RegisterPythonFunction();

} // namespace cocosql
