//! Calls a Python function over argument tuples, in batches of its size, and hands each result on.
#pragma once

#include "calls/python_function.hpp"
#include "calls/run_state.hpp"
#include "calls/result_sink.hpp"
#include "values/values.hpp"

#include <chrono>
#include <functional>

namespace cocosql {

//! A call that raised, or whose result does not fit.
struct CallFailure {
	duckdb::uhugeint_t fingerprint;
	std::string arguments;
	std::string error;
};

class Evaluation {
public:
	//! `check_interrupt` throws if the calls are to stop; it is asked now and then, without the GIL. All else needs it.
	Evaluation(const PythonFunction &function, ResultSink &sink, std::function<void()> check_interrupt);

	//! Adds one argument tuple; calls the function once a batch is full.
	void Add(duckdb::uhugeint_t fingerprint, const std::vector<PythonReader> &arguments, duckdb::idx_t row);
	//! Calls the function for what is left.
	void Finish();

	std::vector<CallFailure> failures;
	CallCount count;

private:
	void CallBatch();
	//! Between calls, now and then: commits what is due, and looks whether to stop.
	void Pause();
	//! A batch that fails is halved until the tuples that fail stand alone.
	void CallRange(duckdb::idx_t begin, duckdb::idx_t end);
	nb::object Call(duckdb::idx_t begin, duckdb::idx_t end);
	void Keep(duckdb::idx_t index, nb::handle result);
	void Fail(duckdb::idx_t index, std::string error);

	const PythonFunction &function;
	ResultSink &sink;
	std::function<void()> check_interrupt;
	std::chrono::steady_clock::time_point last_pause;
	duckdb::idx_t calls_since_pause = 0;
	nb::object callable;
	duckdb::idx_t capacity;
	std::vector<duckdb::uhugeint_t> fingerprints;
	//! By parameter, the values of the batch.
	std::vector<std::vector<nb::object>> arguments;
};

} // namespace cocosql
