//! What a database instance has one of: made when it is first asked for, gone with the instance.
#pragma once

#include "duckdb/main/client_context.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/storage/object_cache.hpp"

namespace cocosql {

//! `class X : public PerInstance<X>`, with the name `X::NAME` that no other such class has.
template <class CLASS>
class PerInstance : public duckdb::ObjectCacheEntry {
public:
	static duckdb::string ObjectType() {
		return CLASS::NAME;
	}
	duckdb::string GetObjectType() override {
		return ObjectType();
	}
	duckdb::optional_idx GetEstimatedCacheMemory() const override {
		return duckdb::optional_idx(); // never evicted
	}

protected:
	//! For the .cpp files: in some that include others, g++ 12 warns of DuckDB's lru_cache.hpp, which this compiles.
	static CLASS &Of(duckdb::DatabaseInstance &database) {
		return *database.GetObjectCache().template GetOrCreate<CLASS>(ObjectType());
	}
};

} // namespace cocosql
