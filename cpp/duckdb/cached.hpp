//! What a database instance keeps as long as there is room: DuckDB counts it for memory_limit, and drops what was not used
//! for long when memory is short.
#pragma once

#include "duckdb/main/client_context.hpp"

#include <memory>
#include <string>

namespace cocosql {

void PutInCache(duckdb::ClientContext &context, const std::string &key, std::shared_ptr<const void> object,
                duckdb::idx_t bytes);
std::shared_ptr<const void> FindInCache(duckdb::ClientContext &context, const std::string &key);

//! Objects of one class, under keys that no other class has.
template <class CLASS>
struct Cached {
	static void Put(duckdb::ClientContext &context, const std::string &key, std::shared_ptr<const CLASS> object,
	                duckdb::idx_t bytes) {
		PutInCache(context, key, std::move(object), bytes);
	}
	//! Null if there is none, or no more.
	static std::shared_ptr<const CLASS> Find(duckdb::ClientContext &context, const std::string &key) {
		return std::static_pointer_cast<const CLASS>(FindInCache(context, key));
	}
};

} // namespace cocosql
