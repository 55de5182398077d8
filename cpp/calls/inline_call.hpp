//! A registered function as a scalar function of SQL: where no harvest went before, calls happen inside the query.
#pragma once

#include "duckdb/function/scalar_function.hpp"
#include "functions/python_function.hpp"

namespace cocosql {

duckdb::ScalarFunction InlineFunction(duckdb::shared_ptr<PythonFunction> function);

} // namespace cocosql
