//! What a database instance has been asked to run: only that may be run again where someone only looks.
#pragma once

#include "duckdb/main/client_context.hpp"
#include "duckdb/storage/object_cache.hpp"

#include <mutex>
#include <set>
#include <string>

namespace cocosql {

class Asked : public duckdb::ObjectCacheEntry {
public:
	static Asked &Get(duckdb::ClientContext &context);

	void Add(const std::string &what);
	bool Has(const std::string &what);

	static duckdb::string ObjectType() {
		return "cocosql_asked";
	}
	duckdb::string GetObjectType() override {
		return ObjectType();
	}
	duckdb::optional_idx GetEstimatedCacheMemory() const override {
		return duckdb::optional_idx(); // never evicted
	}

private:
	std::mutex mutex;
	std::set<std::string> asked;
};

} // namespace cocosql
