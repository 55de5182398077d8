#include "calls/harvest.hpp"

#include "duckdb/common/allocator.hpp"
#include "duckdb/common/types/column/column_data_consumer.hpp"
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

//! The allocator keeps freed memory. It is told to return it to the system if there is at least this much.
constexpr idx_t WORTH_GIVING_BACK = 16 << 20;

//! Counts the tuples, and notes where those come from that are not memoized.
void LookThrough(Harvest &harvest) {
	auto types = harvest.rows->Types();
	harvest.origins = make_uniq<ColumnDataCollection>(Allocator::DefaultAllocator(),
	                                                  vector<LogicalType> {types[FINGERPRINT], types[SOURCE_ID]});
	SelectionVector missing;
	for (auto &chunk : harvest.rows->Chunks({HIT, FINGERPRINT, SOURCE_ID})) {
		chunk.Flatten();
		missing.Initialize(chunk.size());
		auto hit = FlatVector::GetData<bool>(chunk.data[HIT]);
		idx_t count = 0;
		for (idx_t row = 0; row < chunk.size(); row++) {
			if (!hit[row]) {
				missing.set_index(count++, row);
			}
		}
		harvest.hits += NumericCast<int64_t>(chunk.size() - count);
		harvest.misses += NumericCast<int64_t>(count);
		DataChunk origins;
		origins.InitializeEmpty(harvest.origins->Types());
		origins.data[0].Slice(chunk.data[FINGERPRINT], missing, count);
		origins.data[1].Slice(chunk.data[SOURCE_ID], missing, count);
		origins.SetChildCardinality(count);
		harvest.origins->Append(origins);
	}
}

//! Hands out the tuples of a harvest that are not memoized, and frees them.
class Misses : public ArgumentSource {
public:
	explicit Misses(Harvest &harvest)
	    : rows(std::move(harvest.rows)), bytes(rows->SizeInBytes()), total(harvest.misses), consumer(*rows, Columns()) {
		consumer.InitializeScan();
		rows->InitializeScanChunk(chunk);
	}

	//! The refresh goes on to work out rows: the memory of the arguments is returned first, so that the peak is lower.
	~Misses() override {
		scan.current_chunk_state.handles.clear();
		rows.reset();
		if (bytes >= WORTH_GIVING_BACK) {
			Allocator::FlushAll();
		}
	}

	bool Next(ArgumentChunk &next) override {
		if (has_chunk) {
			consumer.FinishChunk(scan);
		}
		has_chunk = consumer.AssignChunk(scan);
		if (!has_chunk) {
			scan.current_chunk_state.handles.clear();
			return false;
		}
		consumer.ScanChunk(scan, chunk);
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
		return NumericCast<idx_t>(total);
	}

private:
	vector<column_t> Columns() const {
		vector<column_t> columns;
		for (idx_t i = 0; i < rows->ColumnCount(); i++) {
			columns.push_back(i);
		}
		return columns;
	}

	unique_ptr<ColumnDataCollection> rows;
	const idx_t bytes;
	const int64_t total;
	ColumnDataConsumer consumer;
	ColumnDataConsumerScanState scan;
	DataChunk chunk;
	bool has_chunk = false;
};

} // namespace

std::unique_ptr<Harvest> RunHarvest(Session &session, const std::string &sql) {
	return WithoutPython([&] {
		auto harvest = std::make_unique<Harvest>();
		harvest->rows = session.RunLarge(sql)->TakeCollection();
		LookThrough(*harvest);
		return harvest;
	});
}

std::unique_ptr<Calls> HarvestedCalls(Session &session, const std::string &name, Harvest &harvest,
                                      const std::string &memo, int64_t since) {
	if (!harvest.rows) {
		throw std::runtime_error("the calls of this harvest have been made");
	}
	return WithoutPython([&] {
		auto &context = *session.connection.context;
		auto function = FunctionRegistry::Get(context).Find(name);
		auto sink = std::make_unique<MemoWriter>(DatabaseInstance::GetDatabase(context), memo, function->result,
		                                         session.run->run_id, since);
		return std::make_unique<Calls>(context, std::move(function), std::make_unique<Misses>(harvest), std::move(sink),
		                               [&session] { session.CheckInterrupt(); }, session.cancellation->IsBackground());
	});
}

nb::dict SourceIds(const Harvest &harvest, const std::vector<std::string> &fingerprints) {
	std::vector<std::pair<std::string, std::string>> found;
	WithoutPython([&] {
		FingerprintSet wanted;
		for (auto &text : fingerprints) {
			wanted.insert(Value(text).DefaultCastAs(LogicalType::UHUGEINT).GetValue<uhugeint_t>());
		}
		for (auto &chunk : harvest.origins->Chunks()) {
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
