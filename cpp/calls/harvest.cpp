#include "calls/harvest.hpp"

#include "calls/evaluation.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/main/database.hpp"
#include "memo/memo_writer.hpp"
#include "python/errors.hpp"
#include "session/session.hpp"

#include <nanobind/stl/string.h>

namespace cocosql {

using namespace duckdb;

namespace {

constexpr idx_t HIT = 0;
constexpr idx_t FINGERPRINT = 1;
constexpr idx_t FIRST_ARGUMENT = 2;

void Count(Harvest &harvest) {
	for (auto &chunk : harvest.rows->Chunks({HIT})) {
		chunk.Flatten();
		auto hit = FlatVector::GetData<bool>(chunk.data[0]);
		for (idx_t row = 0; row < chunk.size(); row++) {
			(hit[row] ? harvest.hits : harvest.misses)++;
		}
	}
}

void EvaluateChunk(const DataChunk &chunk, Evaluation &evaluation) {
	std::vector<PythonReader> readers;
	for (idx_t i = FIRST_ARGUMENT; i < chunk.ColumnCount(); i++) {
		readers.emplace_back(chunk.data[i]);
	}
	auto hit = FlatVector::GetData<bool>(chunk.data[HIT]);
	auto fingerprint = FlatVector::GetData<uhugeint_t>(chunk.data[FINGERPRINT]);
	for (idx_t row = 0; row < chunk.size() && evaluation.failures.empty(); row++) {
		if (!hit[row]) {
			evaluation.Add(fingerprint[row], readers, row);
		}
	}
}

void Evaluate(const ColumnDataCollection &rows, Evaluation &evaluation) {
	ColumnDataScanState scan;
	DataChunk chunk;
	rows.InitializeScan(scan);
	rows.InitializeScanChunk(scan, chunk);
	auto next = [&] {
		auto more = rows.Scan(scan, chunk);
		chunk.Flatten();
		return more;
	};
	while (evaluation.failures.empty() && WithoutPython(next)) {
		EvaluateChunk(chunk, evaluation);
	}
	if (evaluation.failures.empty()) {
		evaluation.Finish();
	}
}

nb::list Failures(const Evaluation &evaluation) {
	nb::list failures;
	for (auto &failure : evaluation.failures) {
		auto fingerprint = Value::UHUGEINT(failure.fingerprint).ToString();
		failures.append(nb::make_tuple(fingerprint, failure.arguments, failure.error));
	}
	return failures;
}

} // namespace

std::unique_ptr<Harvest> RunHarvest(Session &session, const std::string &sql) {
	return WithoutPython([&] {
		auto harvest = std::make_unique<Harvest>();
		harvest->rows = session.Run(sql)->TakeCollection();
		Count(*harvest);
		return harvest;
	});
}

nb::list CallHarvest(Session &session, const std::string &name, Harvest &harvest, const std::string &memo) {
	auto &context = *session.connection.context;
	auto function = WithoutPython([&] { return FunctionRegistry::Get(context).Find(name); });
	MemoWriter writer(DatabaseInstance::GetDatabase(context), memo, function->result, session.run->run_id);
	Evaluation evaluation(*function, writer, [&] { session.CheckInterrupt(); });
	auto keep = [&] {
		WithoutPython([&] { writer.Flush(); });
		session.run->Add(function->name, evaluation.count);
	};
	try {
		Evaluate(*harvest.rows, evaluation);
	} catch (...) {
		keep();
		throw;
	}
	keep();
	return Failures(evaluation);
}

void BindHarvest(nb::module_ &module) {
	nb::class_<Harvest>(module, "Harvest").def_ro("hits", &Harvest::hits).def_ro("misses", &Harvest::misses);
}

} // namespace cocosql
