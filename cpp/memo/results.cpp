#include "memo/results.hpp"

#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/common/vector_operations/vector_operations.hpp"
#include "values/values.hpp"

namespace cocosql {

using namespace duckdb;

Results::Results(const LogicalType &type, idx_t capacity) : vector(type, capacity + 1) {
	FlatVector::SetNull(vector, 0, true);
}

void Results::Remember(uhugeint_t fingerprint) {
	rows.emplace(fingerprint, NextRow());
	fingerprints.push_back(fingerprint);
}

void Results::Add(uhugeint_t fingerprint, nb::handle result) {
	if (Contains(fingerprint)) {
		return;
	}
	WriteObject(result, vector, NextRow());
	Remember(fingerprint);
}

void Results::AddNull(uhugeint_t fingerprint) {
	FlatVector::SetNull(vector, NextRow(), true);
	Remember(fingerprint);
}

void Results::Append(const uhugeint_t *added, const Vector &results, idx_t count) {
	for (idx_t begin = 0; begin < count;) {
		auto end = begin;
		auto first = NextRow();
		for (; end < count && !Contains(added[end]); end++) {
			Remember(added[end]);
		}
		if (end > begin) {
			VectorOperations::Copy(results, vector, end, begin, first);
		}
		begin = end + 1;
	}
}

Vector &Results::Rows() {
	FlatVector::SetSize(vector, NextRow());
	return vector;
}

void Results::Gather(const std::vector<const uhugeint_t *> &wanted, Vector &target) {
	FlatVector::SetSize(vector, NextRow());
	SelectionVector selection(wanted.size());
	for (idx_t i = 0; i < wanted.size(); i++) {
		auto entry = wanted[i] ? rows.find(*wanted[i]) : rows.end();
		selection.set_index(i, entry == rows.end() ? 0 : entry->second);
	}
	VectorOperations::Copy(vector, target, selection, wanted.size(), 0, 0);
}

} // namespace cocosql
