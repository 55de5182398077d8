#include "memo/resident_memo.hpp"

#include "duckdb/common/types/uhugeint.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/common/vector_operations/vector_operations.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "session/session_states.hpp"

#include <map>
#include <mutex>

namespace cocosql {

using namespace duckdb;

namespace {

constexpr idx_t FINGERPRINT = 0;
constexpr idx_t RESULT = 1;

struct Residents : ClientContextState {
	std::mutex mutex;
	std::map<std::string, shared_ptr<const ResidentMemo>> by_table;

	void QueryEnd() override {
		std::lock_guard<std::mutex> guard(mutex);
		by_table.clear();
	}
};

} // namespace

ResidentMemo::ResidentMemo(Connection &connection, const std::string &sql, const LogicalType &type, idx_t rows,
                           idx_t bytes)
    : reserved(*connection.context, bytes + NextPowerOfTwo(rows * 2 + 1) * sizeof(Place)) {
	auto found = connection.Submit(sql);
	found->ThrowIfError();
	auto none = make_uniq<DataChunk>();
	none->Initialize(Allocator::DefaultAllocator(), {LogicalType::UHUGEINT, type}, 1);
	FlatVector::SetNull(none->data[RESULT], 0, true);
	none->SetChildCardinality(1);
	chunks.push_back(std::move(none));
	idx_t count = 0;
	while (auto chunk = found->Fetch()) {
		count += chunk->size();
		chunks.push_back(std::move(chunk));
	}
	Index(count);
}

void ResidentMemo::Index(idx_t count) {
	places.resize(NextPowerOfTwo(count * 2 + 1));
	auto mask = places.size() - 1;
	for (idx_t i = 1; i < chunks.size(); i++) {
		auto &chunk = *chunks[i];
		chunk.data[FINGERPRINT].Flatten();
		auto fingerprints = FlatVector::GetData<uhugeint_t>(chunk.data[FINGERPRINT]);
		for (idx_t row = 0; row < chunk.size(); row++) {
			auto at = fingerprints[row].lower & mask;
			while (places[at].chunk != 0) {
				at = (at + 1) & mask;
			}
			places[at] = {fingerprints[row], NumericCast<uint32_t>(i), NumericCast<uint32_t>(row)};
		}
	}
}

const ResidentMemo::Place &ResidentMemo::Find(uhugeint_t fingerprint) const {
	auto mask = places.size() - 1;
	auto at = fingerprint.lower & mask;
	while (places[at].chunk != 0 && places[at].fingerprint != fingerprint) {
		at = (at + 1) & mask;
	}
	return places[at];
}

bool ResidentMemo::Gather(const std::vector<const uhugeint_t *> &wanted, Vector &target) const {
	const Place none {};
	std::vector<Place> found;
	found.reserve(wanted.size());
	for (auto *fingerprint : wanted) {
		found.push_back(fingerprint ? Find(*fingerprint) : none);
		if (fingerprint && found.back().chunk == 0) {
			return false;
		}
	}
	SelectionVector rows(wanted.size());
	for (idx_t begin = 0; begin < found.size();) {
		auto chunk = found[begin].chunk;
		idx_t count = 0;
		for (; begin + count < found.size() && found[begin + count].chunk == chunk; count++) {
			rows.set_index(count, found[begin + count].row);
		}
		VectorOperations::Copy(chunks[chunk]->data[RESULT], target, rows, count, 0, begin);
		begin += count;
	}
	return true;
}

shared_ptr<const ResidentMemo> FindResident(ClientContext &context, const std::string &table,
                                            const std::function<shared_ptr<const ResidentMemo>()> &make) {
	auto residents = context.registered_state->GetOrCreate<Residents>(RESIDENT_MEMOS_STATE);
	std::lock_guard<std::mutex> guard(residents->mutex);
	auto &memo = residents->by_table[table];
	if (!memo) {
		memo = make();
	}
	return memo;
}

} // namespace cocosql
