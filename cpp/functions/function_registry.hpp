//! The registered functions that a database instance knows.
#pragma once

#include "duckdb/common/case_insensitive_map.hpp"
#include "duckdb/per_instance.hpp"
#include "functions/python_function.hpp"

#include <mutex>

namespace cocosql {

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
