#include "functions/python_function.hpp"

#include "python/ends.hpp"
#include "session/names.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace cocosql {

using namespace duckdb;

static CallForm FindForm(const std::string &name) {
	if (name == "row") {
		return CallForm::ROW;
	}
	return name == "list" ? CallForm::LISTS : CallForm::ARRAYS;
}

PythonFunction::PythonFunction(DatabaseInstance &database, int64_t id, nb::handle description) : id(id) {
	// The connection that registers is locked by the statement that does it.
	auto connection = EngineConnection(database);
	auto &context = *connection.context;
	name = nb::cast<std::string>(description.attr("name"));
	code_version = nb::cast<std::string>(description.attr("code_version"));
	for (auto &type : nb::cast<std::vector<std::string>>(description.attr("parameter_types"))) {
		parameters.push_back(context.ParseLogicalType(type));
	}
	parameter_names = nb::cast<std::vector<std::string>>(description.attr("parameter_names"));
	takes_null = nb::cast<std::vector<bool>>(description.attr("takes_null"));
	result = context.ParseLogicalType(nb::cast<std::string>(description.attr("result_type")));
	form = FindForm(nb::cast<std::string>(description.attr("form")));
	memo = nb::cast<bool>(description.attr("memo"));
	null_on_error = nb::cast<std::string>(description.attr("on_error")) == "null";
}

PythonFunction::~PythonFunction() {
	TellPythonOfEnd("cocosql.udf", "forget", id);
}

} // namespace cocosql
