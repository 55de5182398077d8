#include "functions/function_registry.hpp"

#include "duckdb/common/exception/catalog_exception.hpp"

namespace cocosql {

using namespace duckdb;

FunctionRegistry &FunctionRegistry::Get(ClientContext &context) {
	return Of(DatabaseInstance::GetDatabase(context));
}

void FunctionRegistry::Put(shared_ptr<PythonFunction> function) {
	std::lock_guard<std::mutex> guard(mutex);
	functions[function->name].swap(function);
}

bool FunctionRegistry::Contains(const std::string &name) {
	std::lock_guard<std::mutex> guard(mutex);
	return functions.find(name) != functions.end();
}

std::vector<shared_ptr<PythonFunction>> FunctionRegistry::All() {
	std::lock_guard<std::mutex> guard(mutex);
	std::vector<shared_ptr<PythonFunction>> all;
	for (auto &entry : functions) {
		all.push_back(entry.second);
	}
	return all;
}

shared_ptr<PythonFunction> FunctionRegistry::Find(const std::string &name) {
	std::lock_guard<std::mutex> guard(mutex);
	auto entry = functions.find(name);
	if (entry == functions.end()) {
		throw CatalogException("function %s is not registered: call cocosql.register(con, %s)", name, name);
	}
	return entry->second;
}

} // namespace cocosql
