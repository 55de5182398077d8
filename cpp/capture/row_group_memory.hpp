//! What a database instance remembers of row groups that were read, so that they are known again as objects.
#pragma once

#include "capture/row_groups.hpp"
#include "duckdb/storage/object_cache.hpp"

#include <mutex>
#include <unordered_map>

namespace cocosql {

class RowGroupMemory : public duckdb::ObjectCacheEntry {
public:
	static RowGroupMemory &Get(duckdb::ClientContext &context);

	//! Remembers a generation of row groups in place of the one that it has under the key.
	void Put(const std::string &key, int64_t generation, RowGroups row_groups);
	//! Null if it does not have this generation.
	std::unique_ptr<RowGroups> Find(const std::string &key, int64_t generation);

	static duckdb::string ObjectType() {
		return "cocosql_row_groups";
	}
	duckdb::string GetObjectType() override {
		return ObjectType();
	}
	duckdb::optional_idx GetEstimatedCacheMemory() const override {
		return duckdb::optional_idx(); // never evicted
	}

private:
	std::mutex mutex;
	std::unordered_map<std::string, std::pair<int64_t, RowGroups>> remembered;
};

} // namespace cocosql
