//! A registered function as a scalar function of SQL: where no harvest went before, calls happen inside the query.
#pragma once

#include "calls/python_function.hpp"
#include "duckdb/function/scalar_function.hpp"

namespace cocosql {

duckdb::ScalarFunction InlineFunction(duckdb::shared_ptr<PythonFunction> function);

} // namespace cocosql
