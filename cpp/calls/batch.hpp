//! Argument tuples on their way to a Python function: Python objects, and the fingerprint of each tuple.
#pragma once

#include "functions/python_function.hpp"
#include "values/values.hpp"

namespace cocosql {

//! All needs the GIL.
class Batch {
public:
	explicit Batch(const PythonFunction &function);
	//! Tuples as arrays, one a parameter.
	Batch(std::vector<duckdb::uhugeint_t> fingerprints, const nb::list &arrays);

	duckdb::idx_t Size() const {
		return fingerprints.size();
	}
	//! Throws InvalidInputException, and leaves the batch as it was, if Python cannot represent an argument.
	void Append(duckdb::uhugeint_t fingerprint, const std::vector<PythonReader> &readers, duckdb::idx_t row);
	//! For a function of one row a list of tuples; else a tuple with a list, or a pyarrow.Array, for each parameter.
	//! Each time other objects, for a function may change what it gets; only those that cannot change are the same.
	nb::object Arguments() const;
	//! The tuples from `begin` up to `end`.
	std::unique_ptr<Batch> Part(duckdb::idx_t begin, duckdb::idx_t end) const;
	//! A tuple's arguments in words, each shortened.
	std::string Describe(duckdb::idx_t index) const;

	std::vector<duckdb::uhugeint_t> fingerprints;

private:
	const bool by_row;
	//! The tuples, or the parameters. No function gets them.
	std::vector<nb::object> columns;
	//! By column, whether values in it can be changed.
	std::vector<bool> is_mutable;
};

void BindBatch(nb::module_ &module);

} // namespace cocosql
