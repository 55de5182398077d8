#include "duckdb/per_instance.hpp"

#include "duckdb/storage/object_cache.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

struct Entry : ObjectCacheEntry {
	explicit Entry(MakeObject make) : object(make()) {
	}
	static string ObjectType() {
		return "cocosql";
	}
	string GetObjectType() override {
		return ObjectType();
	}
	optional_idx GetEstimatedCacheMemory() const override {
		return optional_idx(); // never evicted
	}

	const std::shared_ptr<void> object;
};

} // namespace

void *InstanceObject(DatabaseInstance &database, const char *name, MakeObject make) {
	return database.GetObjectCache().GetOrCreate<Entry>(name, make)->object.get();
}

} // namespace cocosql
