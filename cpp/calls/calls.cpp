#include "calls/calls.hpp"

#include "python/errors.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>

namespace cocosql {

using namespace duckdb;

Calls::Calls(shared_ptr<PythonFunction> function, std::unique_ptr<ArgumentSource> source,
             std::unique_ptr<ResultSink> sink, std::function<void()> check_interrupt)
    : function(std::move(function)), source(std::move(source)), sink(std::move(sink)),
      check_interrupt(std::move(check_interrupt)) {
}

bool Calls::HasRow() {
	while (position == chunk.rows.size()) {
		readers.clear();
		position = 0;
		if (!WithoutPython([&] { return source->Next(chunk); })) {
			chunk.rows.clear();
			return false;
		}
		for (auto &column : chunk.columns) {
			readers.emplace_back(column);
		}
	}
	return true;
}

std::unique_ptr<Batch> Calls::Take(idx_t wanted) {
	auto batch = std::make_unique<Batch>(*function);
	while (batch->Size() < wanted && HasRow()) {
		auto &row = chunk.rows[position++];
		try {
			batch->Append(row.second, readers, row.first);
		} catch (const InvalidInputException &error) {
			failures.push_back({row.second, "", ErrorData(error).RawMessage(), 0});
		}
	}
	return batch->Size() == 0 ? nullptr : std::move(batch);
}

void Calls::Keep(const Batch &batch, nb::handle results) {
	auto sequence = Checked(PySequence_Fast(results.ptr(), "results are a sequence"));
	if (NumericCast<idx_t>(PySequence_Fast_GET_SIZE(sequence.ptr())) != batch.Size()) {
		throw std::invalid_argument("a result for each argument tuple, and no more");
	}
	for (idx_t i = 0; i < batch.Size(); i++) {
		auto result = nb::borrow(PySequence_Fast_GET_ITEM(sequence.ptr(), NumericCast<Py_ssize_t>(i)));
		try {
			sink->Add(batch.fingerprints[i], result);
		} catch (const InvalidInputException &error) {
			failures.push_back({batch.fingerprints[i], batch.Describe(i),
			                    "its result does not fit the declared type " + function->result.ToString() + ": " +
			                        ErrorData(error).RawMessage(),
			                    1});
		}
	}
	count.count += NumericCast<int64_t>(batch.Size());
}

void Calls::Fail(const Batch &batch, const std::string &error, int64_t attempts) {
	for (idx_t i = 0; i < batch.Size(); i++) {
		failures.push_back({batch.fingerprints[i], batch.Describe(i), error, attempts});
	}
	count.count += NumericCast<int64_t>(batch.Size());
}

void Calls::Pause(bool now) {
	sink->FlushIfDue(now);
	WithoutPython(check_interrupt);
}

void Calls::Flush() {
	sink->FlushIfDue(true);
}

std::vector<CallFailure> Calls::TakeFailures() {
	return std::exchange(failures, {});
}

void BindCalls(nb::module_ &module) {
	nb::class_<Calls>(module, "Calls")
	    .def_prop_ro("name", &Calls::Name)
	    .def_prop_ro("total", &Calls::Total)
	    .def_prop_ro("done", [](const Calls &calls) { return calls.count.count; })
	    .def_prop_rw(
	        "seconds", [](const Calls &calls) { return calls.count.seconds; },
	        [](Calls &calls, double seconds) { calls.count.seconds = seconds; })
	    .def("take", &Calls::Take, nb::arg("rows"))
	    .def("keep", &Calls::Keep, nb::arg("batch"), nb::arg("results"))
	    .def("fail", &Calls::Fail, nb::arg("batch"), nb::arg("error"), nb::arg("attempts"))
	    .def("pause", &Calls::Pause, nb::arg("now") = false)
	    .def("flush", &Calls::Flush)
	    .def("take_failures", [](Calls &calls) {
		    nb::list failures;
		    for (auto &failure : calls.TakeFailures()) {
			    auto fingerprint = nb::int_(nb::str(Value::UHUGEINT(failure.fingerprint).ToString().c_str()));
			    failures.append(nb::make_tuple(fingerprint, failure.input, failure.error, failure.attempts));
		    }
		    return failures;
	    });
}

} // namespace cocosql
