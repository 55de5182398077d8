// MAP, from a dict or a list of pairs.
#include "duckdb/common/vector/struct_vector.hpp"
#include "values/from_python/lists.hpp"
#include "values/from_python/misfit.hpp"

namespace cocosql::from_python {

using namespace duckdb;

namespace {

// What PythonReader makes of a map whose keys cannot be hashed
bool IsListOfPairs(nb::handle object) {
	if (!PyList_Check(object.ptr())) {
		return false;
	}
	for (const nb::handle pair : nb::borrow<nb::list>(object)) {
		if (!PyTuple_Check(pair.ptr()) || PyTuple_GET_SIZE(pair.ptr()) != 2) {
			return false;
		}
	}
	return true;
}

void WriteKey(nb::handle key, Vector &keys, idx_t row) {
	try {
		Write(key, keys, row);
	} catch (Misfit &misfit) {
		misfit.message = "a key: " + misfit.message;
		throw;
	}
}

} // namespace

void WriteMap(nb::handle object, Vector &vector, idx_t row) {
	const auto &type = vector.GetType();
	if (!PyDict_Check(object.ptr()) && !IsListOfPairs(object)) {
		Mismatch(type, object);
	}
	// A copy, which no Python code can change
	const auto items = nb::cast<nb::list>(PyDict_Check(object.ptr()) ? Checked(PyDict_Items(object.ptr()))
	                                                                 : Checked(PySequence_List(object.ptr())));
	AppendToList(vector, row, items.size(), [&](Vector &child, idx_t first) {
		auto &entries = StructVector::GetEntries(child);
		SetAllValid(child, first, items.size());
		for (size_t i = 0; i < items.size(); i++) {
			const nb::object key = items[i][0];
			const nb::object value = items[i][1];
			if (key.is_none()) {
				throw Misfit("expected " + NameOf(type) + ", got a key None");
			}
			WriteKey(key, entries[0], first + i);
			Within([&] { return "[" + Repr(key) + "]"; }, [&] { Write(value, entries[1], first + i); });
		}
	});
}

} // namespace cocosql::from_python
