#include "calls/evaluation.hpp"

#include "duckdb/common/string_util.hpp"
#include "python/errors.hpp"

#include <chrono>

namespace cocosql {

using namespace duckdb;

namespace {

//! Functions of one row are called one by one; their results are collected this many at a time.
constexpr idx_t SCALAR_BATCH = 512;
constexpr size_t LONGEST_ARGUMENT = 80;
//! How often to pause; calls slower than this have their results committed one by one.
constexpr double PAUSE_SECONDS = 0.1;

std::string Shortened(nb::handle object) {
	std::string text = nb::repr(object).c_str();
	return text.size() <= LONGEST_ARGUMENT ? text : text.substr(0, LONGEST_ARGUMENT) + "…";
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
	return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

//! Whether an exception is the function's own, and not Ctrl-C or an exit.
bool IsOrdinary(const nb::python_error &error) {
	return error.matches(PyExc_Exception);
}

} // namespace

Evaluation::Evaluation(const PythonFunction &function, ResultSink &sink, std::function<void()> check_interrupt)
    : function(function), sink(sink), check_interrupt(std::move(check_interrupt)),
      last_pause(std::chrono::steady_clock::now()), callable(function.Callable()),
      capacity(function.batch_size == 0 ? SCALAR_BATCH : function.batch_size), arguments(function.parameters.size()) {
}

void Evaluation::Add(uhugeint_t fingerprint, const std::vector<PythonReader> &readers, idx_t row) {
	for (idx_t i = 0; i < readers.size(); i++) {
		arguments[i].push_back(readers[i][row]);
	}
	fingerprints.push_back(fingerprint);
	if (fingerprints.size() == capacity) {
		CallBatch();
	}
}

void Evaluation::Finish() {
	if (!fingerprints.empty()) {
		CallBatch();
	}
}

void Evaluation::CallBatch() {
	auto start = std::chrono::steady_clock::now();
	auto size = fingerprints.size();
	auto step = function.batch_size == 0 ? 1 : size;
	for (idx_t i = 0; i < size && failures.empty(); i += step) {
		CallRange(i, i + step);
		count.count += NumericCast<int64_t>(step);
		calls_since_pause++;
		if (SecondsSince(last_pause) > PAUSE_SECONDS) {
			Pause();
		}
	}
	count.seconds += SecondsSince(start);
	fingerprints.clear();
	for (auto &values : arguments) {
		values.clear();
	}
}

void Evaluation::Pause() {
	sink.FlushIfDue(calls_since_pause == 1);
	WithoutPython(check_interrupt);
	calls_since_pause = 0;
	last_pause = std::chrono::steady_clock::now();
}

void Evaluation::CallRange(idx_t begin, idx_t end) {
	std::string error;
	try {
		auto result = Call(begin, end);
		if (function.batch_size == 0) {
			return Keep(begin, result);
		}
		auto results = BatchItems(result);
		auto size = NumericCast<idx_t>(PySequence_Fast_GET_SIZE(results.ptr()));
		if (size == end - begin) {
			for (idx_t i = 0; i < size; i++) {
				Keep(begin + i, PySequence_Fast_GET_ITEM(results.ptr(), NumericCast<Py_ssize_t>(i)));
			}
			return;
		}
		return Fail(begin, StringUtil::Format("it returned %llu results for a batch of %llu", size, end - begin));
	} catch (nb::python_error &raised) {
		if (!IsOrdinary(raised)) {
			throw;
		}
		error = ToErrorData(raised).RawMessage();
	}
	if (end - begin == 1) {
		return Fail(begin, error);
	}
	auto middle = begin + (end - begin) / 2;
	CallRange(begin, middle);
	CallRange(middle, end);
}

nb::object Evaluation::Call(idx_t begin, idx_t end) {
	auto tuple = nb::steal<nb::tuple>(PyTuple_New(NumericCast<Py_ssize_t>(arguments.size())));
	for (idx_t parameter = 0; parameter < arguments.size(); parameter++) {
		nb::object argument;
		if (function.batch_size == 0) {
			argument = arguments[parameter][begin];
		} else {
			nb::list values;
			for (idx_t i = begin; i < end; i++) {
				values.append(arguments[parameter][i]);
			}
			argument = std::move(values);
		}
		PyTuple_SET_ITEM(tuple.ptr(), NumericCast<Py_ssize_t>(parameter), argument.release().ptr());
	}
	auto result = nb::steal<nb::object>(PyObject_CallObject(callable.ptr(), tuple.ptr()));
	if (!result.is_valid()) {
		throw nb::python_error();
	}
	return result;
}

void Evaluation::Keep(idx_t index, nb::handle result) {
	try {
		sink.Add(fingerprints[index], result);
	} catch (const InvalidInputException &error) {
		Fail(index, "its result does not fit the declared type " + function.result.ToString() + ": " +
		                ErrorData(error).RawMessage());
	}
}

void Evaluation::Fail(idx_t index, std::string error) {
	std::string shown;
	for (auto &values : arguments) {
		shown += (shown.empty() ? "" : ", ") + Shortened(values[index]);
	}
	failures.push_back({fingerprints[index], shown, std::move(error)});
}

} // namespace cocosql
