#include "session/asked.hpp"

namespace cocosql {

using namespace duckdb;

Asked &Asked::Get(ClientContext &context) {
	return Of(DatabaseInstance::GetDatabase(context));
}

void Asked::Add(const std::string &what) {
	std::lock_guard<std::mutex> guard(mutex);
	asked.insert(what);
}

bool Asked::Has(const std::string &what) {
	std::lock_guard<std::mutex> guard(mutex);
	return asked.count(what) > 0;
}

} // namespace cocosql
