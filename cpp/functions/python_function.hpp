//! A registered Python function.
#pragma once

#include "duckdb/common/types.hpp"
#include "duckdb/main/database.hpp"
#include "functions/calls_in_flight.hpp"

#include <nanobind/nanobind.h>
#include <string>
#include <vector>

namespace cocosql {

namespace nb = nanobind;

//! How a function takes its arguments.
enum class CallForm : uint8_t {
	//! One row: a value a parameter.
	ROW,
	//! Many rows: a list a parameter.
	LISTS,
	//! Many rows: a pyarrow.Array a parameter.
	ARRAYS
};

//! The callable itself stays in Python (cocosql.udf), known here by a number: no Python object outlives the interpreter.
class PythonFunction {
public:
	//! Reads the description that cocosql.udf made. Needs the GIL.
	PythonFunction(duckdb::DatabaseInstance &database, int64_t id, nb::handle description);
	~PythonFunction();
	PythonFunction(const PythonFunction &) = delete;
	PythonFunction &operator=(const PythonFunction &) = delete;

	const int64_t id;
	std::string name;
	std::string code_version;
	duckdb::vector<duckdb::LogicalType> parameters;
	std::vector<std::string> parameter_names;
	//! By parameter: whether the function wants to see NULLs. If not, a NULL there gives NULL without a call.
	std::vector<bool> takes_null;
	duckdb::LogicalType result;
	CallForm form = CallForm::ROW;
	//! Whether results are memoized.
	bool memo = true;
	//! Whether a call that fails gives NULL.
	bool null_on_error = false;

	CallsInFlight in_flight;
};

} // namespace cocosql
