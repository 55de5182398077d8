#include "duckdb/settings.hpp"

#include "duckdb/execution/operator/helper/physical_set.hpp"

namespace cocosql {

using namespace duckdb;

void SetForContext(ClientContext &context, const Identifier &setting, const Value &value) {
	PhysicalSet::SetVariable(context, setting, SetScope::SESSION, value);
}

} // namespace cocosql
