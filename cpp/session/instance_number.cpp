#include "session/instance_number.hpp"

#include "duckdb/storage/object_cache.hpp"

#include <atomic>

namespace cocosql {

using namespace duckdb;

namespace {

class Number : public ObjectCacheEntry {
public:
	static string ObjectType() {
		return "cocosql_instance_number";
	}
	string GetObjectType() override {
		return ObjectType();
	}
	optional_idx GetEstimatedCacheMemory() const override {
		return optional_idx(); // never evicted
	}

	const uint64_t value = Next();

private:
	static uint64_t Next() {
		static std::atomic<uint64_t> last {0};
		return ++last;
	}
};

} // namespace

uint64_t InstanceNumber(ClientContext &context) {
	return ObjectCache::GetObjectCache(context).GetOrCreate<Number>(Number::ObjectType())->value;
}

} // namespace cocosql
