#include "calls/batch.hpp"

#include "python/errors.hpp"

#include <nanobind/stl/unique_ptr.h>

namespace cocosql {

using namespace duckdb;

namespace {

constexpr Py_ssize_t LONGEST_ARGUMENT = 1000;

std::string Shortened(nb::handle object) {
	auto text = nb::repr(object);
	if (PyUnicode_GetLength(text.ptr()) <= LONGEST_ARGUMENT) {
		return ShownText(text);
	}
	return ShownText(Checked(PyUnicode_Substring(text.ptr(), 0, LONGEST_ARGUMENT))) + "…";
}

//! Of a list, or of a pyarrow.Array, which is not copied then.
nb::object Slice(const nb::object &column, idx_t begin, idx_t end) {
	return column[nb::slice(nb::int_(begin), nb::int_(end), nb::none())];
}

nb::object Item(const nb::object &column, idx_t index) {
	nb::object item = column[index];
	return nb::hasattr(item, "as_py") ? nb::object(item.attr("as_py")()) : item;
}

} // namespace

Batch::Batch(const PythonFunction &function)
    : by_row(function.form == CallForm::ROW) {
	auto &types = function.parameters;
	if (by_row) {
		columns.push_back(nb::list());
		is_mutable.push_back(std::any_of(types.begin(), types.end(), IsMutableInPython));
		return;
	}
	for (auto &type : types) {
		columns.push_back(nb::list());
		is_mutable.push_back(IsMutableInPython(type));
	}
}

Batch::Batch(std::vector<uhugeint_t> fingerprints, const nb::list &arrays)
    : fingerprints(std::move(fingerprints)), by_row(false) {
	for (auto array : arrays) {
		columns.push_back(nb::borrow(array));
		is_mutable.push_back(false);
	}
}

void Batch::Append(uhugeint_t fingerprint, const std::vector<PythonReader> &readers, idx_t row) {
	auto tuple = nb::steal<nb::tuple>(PyTuple_New(NumericCast<Py_ssize_t>(readers.size())));
	for (idx_t i = 0; i < readers.size(); i++) {
		PyTuple_SET_ITEM(tuple.ptr(), NumericCast<Py_ssize_t>(i), readers[i][row].release().ptr());
	}
	if (by_row) {
		nb::borrow<nb::list>(columns[0]).append(std::move(tuple));
	} else {
		for (idx_t i = 0; i < readers.size(); i++) {
			nb::borrow<nb::list>(columns[i]).append(tuple[i]);
		}
	}
	fingerprints.push_back(fingerprint);
}

nb::object Batch::Arguments() const {
	nb::list arguments;
	for (idx_t i = 0; i < columns.size(); i++) {
		arguments.append(is_mutable[i] ? CopyOf(columns[i]) : Slice(columns[i], 0, Size()));
	}
	return by_row ? nb::object(arguments[0]) : nb::tuple(arguments);
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
		for (auto argument : nb::borrow<nb::tuple>(Item(columns[0], index))) {
			add(argument);
		}
	} else {
		for (auto &column : columns) {
			add(Item(column, index));
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
