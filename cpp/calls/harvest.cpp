#include "calls/harvest.hpp"

#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/main/database.hpp"
#include "functions/function_registry.hpp"
#include "memo/memo_writer.hpp"
#include "python/errors.hpp"
#include "session/session.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace cocosql {

using namespace duckdb;

namespace {

constexpr idx_t HIT = 0;
constexpr idx_t FINGERPRINT = 1;
constexpr idx_t SOURCE_ID = 2;
constexpr idx_t FIRST_ARGUMENT = 3;

void Count(Harvest &harvest) {
	for (auto &chunk : harvest.rows->Chunks({HIT})) {
		chunk.Flatten();
		auto hit = FlatVector::GetData<bool>(chunk.data[0]);
		for (idx_t row = 0; row < chunk.size(); row++) {
			(hit[row] ? harvest.hits : harvest.misses)++;
		}
	}
}

//! The tuples of a harvest that are not memoized.
class Misses : public ArgumentSource {
public:
	explicit Misses(const Harvest &harvest) : harvest(harvest) {
		harvest.rows->InitializeScan(scan);
		harvest.rows->InitializeScanChunk(scan, chunk);
	}

	bool Next(ArgumentChunk &next) override {
		if (!harvest.rows->Scan(scan, chunk)) {
			return false;
		}
		chunk.Flatten();
		next.columns.clear();
		for (idx_t i = FIRST_ARGUMENT; i < chunk.ColumnCount(); i++) {
			next.columns.emplace_back(chunk.data[i]);
		}
		next.size = chunk.size();
		next.rows.clear();
		auto hit = FlatVector::GetData<bool>(chunk.data[HIT]);
		auto fingerprint = FlatVector::GetData<uhugeint_t>(chunk.data[FINGERPRINT]);
		for (idx_t row = 0; row < chunk.size(); row++) {
			if (!hit[row]) {
				next.rows.emplace_back(row, fingerprint[row]);
			}
		}
		return true;
	}

	idx_t Total() const override {
		return NumericCast<idx_t>(harvest.misses);
	}

private:
	const Harvest &harvest;
	ColumnDataScanState scan;
	DataChunk chunk;
};

} // namespace

std::unique_ptr<Harvest> RunHarvest(Session &session, const std::string &sql) {
	return WithoutPython([&] {
		auto harvest = std::make_unique<Harvest>();
		harvest->rows = session.RunLarge(sql)->TakeCollection();
		Count(*harvest);
		return harvest;
	});
}

std::unique_ptr<Calls> HarvestedCalls(Session &session, const std::string &name, Harvest &harvest,
                                      const std::string &memo, int64_t since) {
	return WithoutPython([&] {
		auto &context = *session.connection.context;
		auto function = FunctionRegistry::Get(context).Find(name);
		auto sink = std::make_unique<MemoWriter>(DatabaseInstance::GetDatabase(context), memo, function->result,
		                                         session.run->run_id, since);
		return std::make_unique<Calls>(context, std::move(function), std::make_unique<Misses>(harvest), std::move(sink),
		                               [&session] { session.CheckInterrupt(); });
	});
}

nb::dict SourceIds(const Harvest &harvest, const std::vector<std::string> &fingerprints) {
	std::vector<std::pair<std::string, std::string>> found;
	WithoutPython([&] {
		FingerprintSet wanted;
		for (auto &text : fingerprints) {
			wanted.insert(Value(text).DefaultCastAs(LogicalType::UHUGEINT).GetValue<uhugeint_t>());
		}
		for (auto &chunk : harvest.rows->Chunks({FINGERPRINT, SOURCE_ID})) {
			for (idx_t row = 0; row < chunk.size(); row++) {
				auto fingerprint = chunk.GetValue(0, row);
				auto source_id = chunk.GetValue(1, row);
				if (!source_id.IsNull() && wanted.count(fingerprint.GetValue<uhugeint_t>()) > 0) {
					found.emplace_back(fingerprint.ToString(), source_id.ToString());
				}
			}
		}
	});
	nb::dict ids;
	for (auto &entry : found) {
		ids[entry.first.c_str()] = entry.second;
	}
	return ids;
}

void BindHarvest(nb::module_ &module) {
	nb::class_<Harvest>(module, "Harvest")
	    .def_ro("hits", &Harvest::hits)
	    .def_ro("misses", &Harvest::misses)
	    .def("source_ids", &SourceIds, nb::arg("fingerprints"));
}

} // namespace cocosql
