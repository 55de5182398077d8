// UUID, from uuid.UUID.
#include "duckdb/common/types/uuid.hpp"
#include "values/from_python/misfit.hpp"
#include "values/from_python/objects.hpp"
#include "values/from_python/write.hpp"

namespace cocosql::from_python {

using namespace duckdb;

void WriteUuid(nb::handle object, Vector &vector, idx_t row) {
	if (!IsInstance(object, FindClass(PythonClass::UUID))) {
		Mismatch(vector.GetType(), object);
	}
	uhugeint_t value;
	const nb::object integer = object.attr("int");
	if (!PyLong_Check(integer.ptr()) || !ToUhugeint(integer, value)) {
		OutOfRange(vector.GetType(), object);
	}
	Set(vector, row, BaseUUID::FromUHugeint(value));
}

} // namespace cocosql::from_python
