#include "duckdb/cached.hpp"

#include "duckdb/storage/object_cache.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

struct Entry : ObjectCacheEntry {
	Entry(std::shared_ptr<const void> object, idx_t bytes) : object(std::move(object)), bytes(bytes) {
	}
	static string ObjectType() {
		return "cocosql_cached";
	}
	string GetObjectType() override {
		return ObjectType();
	}
	optional_idx GetEstimatedCacheMemory() const override {
		return optional_idx(bytes);
	}

	const std::shared_ptr<const void> object;
	const idx_t bytes;
};

} // namespace

void PutInCache(ClientContext &context, const std::string &key, std::shared_ptr<const void> object, idx_t bytes) {
	ObjectCache::GetObjectCache(context).Put(key, make_shared_ptr<Entry>(std::move(object), bytes));
}

std::shared_ptr<const void> FindInCache(ClientContext &context, const std::string &key) {
	auto entry = ObjectCache::GetObjectCache(context).Get<Entry>(key);
	return entry ? entry->object : nullptr;
}

} // namespace cocosql
