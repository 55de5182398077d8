#include "calls/batch.hpp"

#include <nanobind/stl/unique_ptr.h>

namespace cocosql {

using namespace duckdb;

namespace {

constexpr Py_ssize_t LONGEST_ARGUMENT = 1000;

std::string Shortened(nb::handle object) {
	auto text = nb::repr(object);
	if (PyUnicode_GetLength(text.ptr()) <= LONGEST_ARGUMENT) {
		return text.c_str();
	}
	auto start = Checked(PyUnicode_Substring(text.ptr(), 0, LONGEST_ARGUMENT));
	return std::string(nb::borrow<nb::str>(start).c_str()) + "…";
}

nb::list Slice(const nb::list &list, idx_t begin, idx_t end) {
	return nb::borrow<nb::list>(
	    Checked(PyList_GetSlice(list.ptr(), NumericCast<Py_ssize_t>(begin), NumericCast<Py_ssize_t>(end))));
}

} // namespace

Batch::Batch(const PythonFunction &function)
    : by_row(function.form == CallForm::ROW), columns(by_row ? 1 : function.parameters.size()) {
}

void Batch::Append(uhugeint_t fingerprint, const std::vector<PythonReader> &readers, idx_t row) {
	auto tuple = nb::steal<nb::tuple>(PyTuple_New(NumericCast<Py_ssize_t>(readers.size())));
	for (idx_t i = 0; i < readers.size(); i++) {
		PyTuple_SET_ITEM(tuple.ptr(), NumericCast<Py_ssize_t>(i), readers[i][row].release().ptr());
	}
	if (by_row) {
		columns[0].append(std::move(tuple));
	} else {
		for (idx_t i = 0; i < readers.size(); i++) {
			columns[i].append(tuple[i]);
		}
	}
	fingerprints.push_back(fingerprint);
}

nb::object Batch::Arguments() const {
	if (by_row) {
		return columns[0];
	}
	nb::list lists;
	for (auto &column : columns) {
		lists.append(column);
	}
	return nb::tuple(lists);
}

std::unique_ptr<Batch> Batch::Part(idx_t begin, idx_t end) const {
	auto part = std::make_unique<Batch>(*this);
	for (auto &column : part->columns) {
		column = Slice(column, begin, end);
	}
	part->fingerprints.assign(fingerprints.begin() + NumericCast<int64_t>(begin),
	                          fingerprints.begin() + NumericCast<int64_t>(end));
	return part;
}

std::string Batch::Describe(idx_t index) const {
	std::string shown;
	auto add = [&](nb::handle argument) {
		shown += (shown.empty() ? "" : ", ") + Shortened(argument);
	};
	if (by_row) {
		for (auto argument : nb::borrow<nb::tuple>(columns[0][index])) {
			add(argument);
		}
	} else {
		for (auto &column : columns) {
			add(column[index]);
		}
	}
	return shown;
}

void BindBatch(nb::module_ &module) {
	nb::class_<Batch>(module, "Batch")
	    .def_prop_ro("size", &Batch::Size)
	    .def_prop_ro("arguments", &Batch::Arguments)
	    .def("part", &Batch::Part, nb::arg("begin"), nb::arg("end"));
}

} // namespace cocosql
