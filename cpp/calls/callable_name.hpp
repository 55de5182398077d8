//! Whether SQL calls a function by its name: some names are words of the grammar, or mean something else already.
#pragma once

#include "functions/python_function.hpp"

namespace cocosql {

//! Throws a CatalogException, which says what the name means, if a call by this name would not reach the function.
void CheckIsCalledByName(duckdb::ClientContext &context, const PythonFunction &function);

} // namespace cocosql
