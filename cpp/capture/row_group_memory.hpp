//! What a database instance remembers of row groups that were read, so that they are known again as objects.
#pragma once

#include "capture/row_groups.hpp"
#include "duckdb/per_instance.hpp"

#include <mutex>
#include <unordered_map>

namespace cocosql {

class RowGroupMemory : public PerInstance<RowGroupMemory> {
public:
	static constexpr const char *NAME = "cocosql_row_groups";
	static RowGroupMemory &Get(duckdb::ClientContext &context);

	//! Remembers a generation of row groups in place of the one that it has under the key.
	void Put(const std::string &key, int64_t generation, RowGroups row_groups);
	//! Null if it does not have this generation.
	std::unique_ptr<RowGroups> Find(const std::string &key, int64_t generation);

private:
	std::mutex mutex;
	std::unordered_map<std::string, std::pair<int64_t, RowGroups>> remembered;
};

} // namespace cocosql
