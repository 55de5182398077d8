// UNION: the first member that accepts the object.
#include "duckdb/common/vector/struct_vector.hpp"
#include "values/from_python/misfit.hpp"
#include "values/from_python/write.hpp"

namespace cocosql::from_python {

using namespace duckdb;

namespace {

//! False: the member does not accept the object
bool TryMember(nb::handle object, Vector &member, idx_t row) {
	try {
		Write(object, member, row);
		return true;
	} catch (const Misfit &) {
		return false;
	}
}

} // namespace

void WriteUnion(nb::handle object, Vector &vector, idx_t row) {
	auto &children = StructVector::GetEntries(vector);
	size_t chosen = 0; // 0 is the vector of the numbers of the members
	for (size_t i = 1; i < children.size(); i++) {
		if (chosen == 0 && TryMember(object, children[i], row)) {
			chosen = i;
		} else {
			WriteNull(children[i], row);
		}
	}
	if (chosen == 0) {
		Mismatch(vector.GetType(), object);
	}
	FlatVector::ValidityMutable(children[0]).SetValid(row);
	Set(children[0], row, static_cast<union_tag_t>(chosen - 1));
}

} // namespace cocosql::from_python
