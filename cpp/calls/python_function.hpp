//! A registered Python function, and the functions that a database instance knows.
#pragma once

#include "duckdb/common/types.hpp"
#include "duckdb/common/types/uhugeint.hpp"
#include "duckdb/main/client_context.hpp"
#include "session/per_instance.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <nanobind/nanobind.h>
#include <unordered_set>

namespace cocosql {

namespace nb = nanobind;

struct FingerprintHash {
	size_t operator()(const duckdb::uhugeint_t &fingerprint) const {
		return fingerprint.lower;
	}
};
using FingerprintSet = std::unordered_set<duckdb::uhugeint_t, FingerprintHash>;

//! Argument tuples that some thread is calling the function for, so that no other thread does too.
class CallsInFlight {
public:
	//! Marks those of `wanted` that nobody works on, and returns them.
	FingerprintSet Claim(const FingerprintSet &wanted);
	void Release(const FingerprintSet &claimed);
	//! Waits until nobody works on any of these; `check_interrupt` throws if the wait is to stop.
	void Await(const FingerprintSet &fingerprints, const std::function<void()> &check_interrupt);

private:
	std::mutex mutex;
	std::condition_variable changed;
	FingerprintSet fingerprints;
};

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

//! The functions of a database instance, by name; a name registered again replaces the function.
class FunctionRegistry : public PerInstance<FunctionRegistry> {
public:
	static constexpr const char *NAME = "cocosql_functions";
	static FunctionRegistry &Get(duckdb::ClientContext &context);

	void Put(duckdb::shared_ptr<PythonFunction> function);
	//! Throws a CatalogException if there is none.
	duckdb::shared_ptr<PythonFunction> Find(const std::string &name);
	bool Contains(const std::string &name);
	std::vector<duckdb::shared_ptr<PythonFunction>> All();

private:
	std::mutex mutex;
	duckdb::case_insensitive_map_t<duckdb::shared_ptr<PythonFunction>> functions;
};

} // namespace cocosql
