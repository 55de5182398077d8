//! What a database instance has been asked to run: only that may be run again where someone only looks.
#pragma once

#include "duckdb/main/client_context.hpp"
#include "duckdb/per_instance.hpp"

#include <mutex>
#include <set>
#include <string>

namespace cocosql {

class Asked : public PerInstance<Asked> {
public:
	static constexpr const char *NAME = "cocosql_asked";
	static Asked &Get(duckdb::ClientContext &context);

	void Add(const std::string &what);
	bool Has(const std::string &what);

private:
	std::mutex mutex;
	std::set<std::string> asked;
};

} // namespace cocosql
