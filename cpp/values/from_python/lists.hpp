//! Elements of a list vector.
#pragma once

#include "duckdb/common/vector/list_vector.hpp"
#include "values/from_python/write.hpp"

namespace cocosql::from_python {

//! The elements of a list, tuple or array, as a list or tuple; a Misfit for any other object.
nb::object AsSequence(nb::handle object, const duckdb::LogicalType &type);

void SetAllValid(duckdb::Vector &vector, duckdb::idx_t first, duckdb::idx_t count);

//! Appends `count` rows to the child of a list vector, and makes them the list at `row`. `write(child, first)` fills them
//! from the child's row `first` on; if it throws, they are taken back.
template <class WRITE>
void AppendToList(duckdb::Vector &vector, duckdb::idx_t row, duckdb::idx_t count, WRITE &&write) {
	const auto first = duckdb::ListVector::GetListSize(vector);
	duckdb::ListVector::Reserve(vector, first + count);
	try {
		write(duckdb::ListVector::GetChildMutable(vector), first);
	} catch (...) {
		duckdb::ListVector::SetListSize(vector, first);
		throw;
	}
	duckdb::ListVector::SetListSize(vector, first + count);
	Set(vector, row, duckdb::list_entry_t(first, count));
}

} // namespace cocosql::from_python
