//! The calls that a function is needed for: argument tuples are handed out in batches, and results are taken back. Who
//! makes the calls, and where, is up to cocosql/executors/.
#pragma once

#include "calls/batch.hpp"
#include "functions/result_sink.hpp"
#include "session/run_state.hpp"
#include "values/arrow.hpp"

#include <chrono>
#include <functional>

namespace cocosql {

//! Some argument tuples.
struct ArgumentChunk {
	//! One column a parameter.
	std::vector<std::reference_wrapper<const duckdb::Vector>> columns;
	//! Their rows.
	duckdb::idx_t size = 0;
	//! The rows that stand for calls, with their fingerprints.
	std::vector<std::pair<duckdb::idx_t, duckdb::uhugeint_t>> rows;
};

class ArgumentSource {
public:
	virtual ~ArgumentSource() = default;
	//! Gives the next tuples, which hold until the next call; false if there are no more. Call without the GIL.
	virtual bool Next(ArgumentChunk &chunk) = 0;
	virtual duckdb::idx_t Total() const = 0;
};

//! A call that raised, or whose arguments or result do not fit.
struct CallFailure {
	duckdb::uhugeint_t fingerprint;
	std::string input;
	std::string error;
	int64_t attempts;
};

//! Used by one thread.
class Calls {
public:
	//! `check_interrupt` throws if the calls are to stop; it is asked without the GIL. `in_background`: no Ctrl-C reaches the
	//! thread that makes them.
	Calls(duckdb::ClientContext &context, duckdb::shared_ptr<PythonFunction> function,
	      std::unique_ptr<ArgumentSource> source, std::unique_ptr<ResultSink> sink,
	      std::function<void()> check_interrupt, bool in_background = false);

	//! The next argument tuples, as many as wanted if there are; null if there are none. Needs the GIL.
	std::unique_ptr<Batch> Take(duckdb::idx_t wanted);
	//! Takes the results of a batch: a sequence of its size. Needs the GIL.
	void Keep(const Batch &batch, nb::handle results);
	//! Says that the calls for a batch failed. Needs the GIL.
	void Fail(const Batch &batch, const std::string &error, int64_t attempts);
	//! To be called between calls: commits results that are due (`now`: all), and throws if the calls are to stop. Needs the
	//! GIL.
	void Pause(bool now);
	//! Commits all. Needs the GIL.
	void Flush();
	//! Ends the calls: Python may still hold the object, but it gives out and takes nothing any more. Needs the GIL.
	void End();

	const std::string &Name() const {
		return function->name;
	}
	duckdb::idx_t Total() const {
		return total;
	}
	//! The failures since the last look.
	std::vector<CallFailure> TakeFailures();

	CallCount count;
	const bool in_background;

private:
	void CheckNotEnded() const;
	bool HasRow();
	std::unique_ptr<Batch> TakeObjects(duckdb::idx_t wanted);
	std::unique_ptr<Batch> TakeArrays(duckdb::idx_t wanted);
	//! The next `count` tuples of the chunk.
	void AppendArrays(ArrowBatch &arrays, duckdb::DataChunk &rows, duckdb::idx_t count,
	                  std::vector<duckdb::uhugeint_t> &fingerprints);
	void KeepObjects(const Batch &batch, nb::handle results);
	void KeepArray(const Batch &batch, nb::handle results);
	//! Takes the results [begin, end) of a batch; what does not fit is halved until the values stand alone.
	void KeepSlice(const Batch &batch, duckdb::idx_t begin, duckdb::idx_t end, nb::handle array);
	//! Takes the results of `count` tuples of a batch; false, with the reason, if they do not fit.
	bool TakesArray(const Batch &batch, duckdb::idx_t begin, duckdb::idx_t count, nb::handle array, std::string &why);
	void Misfit(const Batch &batch, duckdb::idx_t index, const std::string &why);

	duckdb::ClientContext &context;

	const duckdb::shared_ptr<PythonFunction> function;
	//! Null once it has ended.
	std::unique_ptr<ArgumentSource> source;
	std::unique_ptr<ResultSink> sink;
	const duckdb::idx_t total;
	const std::function<void()> check_interrupt;
	ArgumentChunk chunk;
	std::vector<PythonReader> readers;
	duckdb::idx_t position = 0;
	std::vector<CallFailure> failures;
};

void BindCalls(nb::module_ &module);

} // namespace cocosql
