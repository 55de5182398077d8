#include "session/instance_number.hpp"

#include "duckdb/per_instance.hpp"
#include "python/ends.hpp"

#include <atomic>

namespace cocosql {

using namespace duckdb;

namespace {

class Number : public PerInstance<Number> {
public:
	static constexpr const char *NAME = "cocosql_instance_number";
	static Number &Get(ClientContext &context) {
		return Of(DatabaseInstance::GetDatabase(context));
	}

	const uint64_t value = Next();

	~Number() {
		TellPythonOfEnd("cocosql.instances", "ended", static_cast<int64_t>(value));
	}

private:
	static uint64_t Next() {
		static std::atomic<uint64_t> last {0};
		return ++last;
	}
};

} // namespace

uint64_t InstanceNumber(ClientContext &context) {
	return Number::Get(context).value;
}

} // namespace cocosql
