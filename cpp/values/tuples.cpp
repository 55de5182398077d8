#include "values/tuples.hpp"

#include "values/values.hpp"

#include <vector>

namespace cocosql {

using namespace duckdb;

void AppendTuples(nb::list &rows, const DataChunk &chunk) {
	std::vector<PythonReader> columns;
	for (auto &column : chunk.data) {
		columns.emplace_back(column);
	}
	for (idx_t row = 0; row < chunk.size(); row++) {
		auto tuple = nb::steal<nb::tuple>(PyTuple_New(NumericCast<Py_ssize_t>(columns.size())));
		for (idx_t i = 0; i < columns.size(); i++) {
			PyTuple_SET_ITEM(tuple.ptr(), NumericCast<Py_ssize_t>(i), columns[i][row].release().ptr());
		}
		rows.append(tuple);
	}
}

} // namespace cocosql
