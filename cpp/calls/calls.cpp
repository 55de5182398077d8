#include "calls/calls.hpp"

#include "python/errors.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>

namespace cocosql {

using namespace duckdb;

Calls::Calls(ClientContext &context, shared_ptr<PythonFunction> function, std::unique_ptr<ArgumentSource> source,
             std::unique_ptr<ResultSink> sink, std::function<void()> check_interrupt, bool in_background)
    : in_background(in_background), context(context), function(std::move(function)), source(std::move(source)),
      sink(std::move(sink)), total(this->source->Total()), check_interrupt(std::move(check_interrupt)) {
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
			if (function->form != CallForm::ARRAYS) {
				readers.emplace_back(column);
			}
		}
	}
	return true;
}

void Calls::CheckNotEnded() const {
	if (!source) {
		throw std::runtime_error("these calls have ended");
	}
}

std::unique_ptr<Batch> Calls::Take(idx_t wanted) {
	CheckNotEnded();
	auto batch = function->form == CallForm::ARRAYS ? TakeArrays(wanted) : TakeObjects(wanted);
	return batch->Size() == 0 ? nullptr : std::move(batch);
}

std::unique_ptr<Batch> Calls::TakeObjects(idx_t wanted) {
	auto batch = std::make_unique<Batch>(*function);
	while (batch->Size() < wanted && HasRow()) {
		auto &row = chunk.rows[position++];
		try {
			batch->Append(row.second, readers, row.first);
		} catch (const InvalidInputException &error) {
			failures.push_back({row.second, "", MessageOf(ErrorData(error)), 0});
		}
	}
	return batch;
}

std::unique_ptr<Batch> Calls::TakeArrays(idx_t wanted) {
	ArrowBatch arrays(context, function->parameters);
	std::vector<uhugeint_t> fingerprints;
	while (fingerprints.size() < wanted && HasRow()) {
		DataChunk rows;
		rows.InitializeEmpty(function->parameters);
		for (idx_t i = 0; i < chunk.columns.size(); i++) {
			rows.data[i].Reference(chunk.columns[i].get());
		}
		rows.SetCardinalityUnsafe(chunk.size);
		auto count = MinValue<idx_t>(wanted - fingerprints.size(), chunk.rows.size() - position);
		AppendArrays(arrays, rows, count, fingerprints);
	}
	return std::make_unique<Batch>(std::move(fingerprints), arrays.TakeArrays());
}

void Calls::AppendArrays(ArrowBatch &arrays, DataChunk &rows, idx_t count, std::vector<uhugeint_t> &fingerprints) {
	SelectionVector selection(count);
	for (idx_t i = 0; i < count; i++) {
		selection.set_index(i, chunk.rows[position + i].first);
	}
	try {
		arrays.Append(rows, selection, count);
		for (idx_t i = 0; i < count; i++) {
			fingerprints.push_back(chunk.rows[position++].second);
		}
	} catch (const std::exception &error) {
		if (ErrorData(error).Type() != ExceptionType::INVALID_INPUT) {
			RaiseInPython(ErrorData(error));
		}
		if (count == 1) {
			failures.push_back({chunk.rows[position++].second, "", MessageOf(ErrorData(error)), 0});
			return;
		}
		for (idx_t i = 0; i < count; i++) {
			AppendArrays(arrays, rows, 1, fingerprints);
		}
	}
}

void Calls::Keep(const Batch &batch, nb::handle results) {
	CheckNotEnded();
	if (function->form == CallForm::ARRAYS) {
		KeepArray(batch, results);
	} else {
		KeepObjects(batch, results);
	}
	count.count += NumericCast<int64_t>(batch.Size());
}

void Calls::KeepObjects(const Batch &batch, nb::handle results) {
	auto sequence = BatchItems(results);
	if (NumericCast<idx_t>(PySequence_Fast_GET_SIZE(sequence.ptr())) != batch.Size()) {
		throw std::invalid_argument("a result for each argument tuple, and no more");
	}
	for (idx_t i = 0; i < batch.Size(); i++) {
		auto result = nb::borrow(PySequence_Fast_GET_ITEM(sequence.ptr(), NumericCast<Py_ssize_t>(i)));
		try {
			sink->Add(batch.fingerprints[i], result);
		} catch (const InvalidInputException &error) {
			Misfit(batch, i, MessageOf(ErrorData(error)));
		}
	}
}

void Calls::KeepArray(const Batch &batch, nb::handle results) {
	nb::object array;
	try {
		array = nb::module_::import_("cocosql.arrow").attr("as_array")(results, batch.Size());
	} catch (nb::python_error &error) {
		auto data = ToErrorData(error);
		if (data.Type() != ExceptionType::INVALID_INPUT) {
			throw;
		}
		for (idx_t i = 0; i < batch.Size(); i++) {
			Misfit(batch, i, MessageOf(data));
		}
		return;
	}
	KeepSlice(batch, 0, batch.Size(), array);
}

void Calls::KeepSlice(const Batch &batch, idx_t begin, idx_t end, nb::handle array) {
	std::string why;
	if (TakesArray(batch, begin, end - begin, array.attr("slice")(begin, end - begin), why)) {
		return;
	}
	if (end - begin == 1) {
		Misfit(batch, begin, why);
		return;
	}
	auto middle = begin + (end - begin) / 2;
	KeepSlice(batch, begin, middle, array);
	KeepSlice(batch, middle, end, array);
}

bool Calls::TakesArray(const Batch &batch, idx_t begin, idx_t count, nb::handle array, std::string &why) {
	auto add = [&](Vector &values, idx_t first, idx_t rows) {
		sink->AddRows(batch.fingerprints.data() + begin + first, values, rows);
	};
	try {
		ReadArrowArray(context, array, function->result, count, add);
		return true;
	} catch (const std::exception &error) {
		ErrorData data(error);
		if (data.Type() != ExceptionType::INVALID_INPUT) {
			RaiseInPython(data);
		}
		why = MessageOf(data);
		return false;
	}
}

void Calls::Misfit(const Batch &batch, idx_t index, const std::string &why) {
	auto error = "its result does not fit the declared type " + function->result.ToString() + ": " + why;
	failures.push_back({batch.fingerprints[index], batch.Describe(index), error, 1});
}

void Calls::Fail(const Batch &batch, const std::string &error, int64_t attempts) {
	for (idx_t i = 0; i < batch.Size(); i++) {
		failures.push_back({batch.fingerprints[i], batch.Describe(i), error, attempts});
	}
	count.count += NumericCast<int64_t>(batch.Size());
}

void Calls::Pause(bool now) {
	CheckNotEnded();
	sink->FlushIfDue(now);
	WithoutPython(check_interrupt);
}

void Calls::End() {
	source.reset();
	sink.reset();
	readers.clear();
	chunk = {};
	position = 0;
}

void Calls::Flush() {
	CheckNotEnded();
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
	    .def_ro("in_background", &Calls::in_background)
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
