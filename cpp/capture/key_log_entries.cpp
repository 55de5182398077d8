#include "capture/key_log_entries.hpp"

#include "capture/key_log.hpp"
#include "catalog/catalog.hpp"
#include "catalog/own_table.hpp"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/stored_table.hpp"
#include "duckdb/transactions.hpp"

namespace cocosql {

using namespace duckdb;

EntryCounts CountEntries(Session &session, const std::string &database, const std::string &log_table) {
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = OwnTable(context, database, log_table);
		StoredColumns all_column {NumericCast<storage_t>(entry.GetColumns().PhysicalColumnCount() - 1)};
		idx_t count = 0;
		idx_t there = 0;
		bool has_all = false;
		ScanTable(context, entry, all_column, [&](DataChunk &chunk) {
			chunk.Flatten();
			auto &all = chunk.data[0];
			for (idx_t i = 0; i < chunk.size(); i++) {
				bool is_there = FlatVector::Validity(all).RowIsValid(i);
				there += is_there;
				has_all = has_all || (is_there && FlatVector::GetData<bool>(all)[i]);
			}
			count += chunk.size();
		});
		KeyLogs::Get(context).SetEntries(context, database, log_table, count);
		return EntryCounts(count, there, has_all);
	});
}

namespace {

//! Hashes that were seen before, up to a number of them.
class SeenHashes {
public:
	explicit SeenHashes(idx_t most) : slots(NextPowerOfTwo(2 * most + 1)), room(most) {
	}

	//! Returns whether it was seen, as far as that is known.
	bool Add(hash_t hash) {
		if (room-- == 0) {
			return true;
		}
		hash += hash == EMPTY;
		auto mask = slots.size() - 1;
		auto slot = hash & mask;
		while (slots[slot] != EMPTY && slots[slot] != hash) {
			slot = (slot + 1) & mask;
		}
		bool seen = slots[slot] == hash;
		slots[slot] = hash;
		return seen;
	}

private:
	static constexpr hash_t EMPTY = 0;
	vector<hash_t> slots;
	idx_t room;
};

} // namespace

bool MayRepeatKeys(Session &session, const std::string &database, const std::string &log_table) {
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = OwnTable(context, database, log_table);
		StoredColumns key;
		for (idx_t i = 0; i < entry.GetColumn(Identifier(KeyLogColumns::STATEMENT)).Physical().index; i++) {
			key.push_back(NumericCast<storage_t>(i));
		}
		SeenHashes seen(CountStored(entry));
		Vector hashes(LogicalType::HASH);
		bool repeats = false;
		ScanTable(context, entry, key, [&](DataChunk &chunk) {
			chunk.Hash(hashes);
			hashes.Flatten();
			for (idx_t i = 0; i < chunk.size() && !repeats; i++) {
				repeats = seen.Add(FlatVector::GetData<hash_t>(hashes)[i]);
			}
		});
		return repeats;
	});
}

std::optional<int64_t> EarliestTransaction(Session &session, const std::string &database,
                                           const std::string &log_table) {
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = OwnTable(context, database, log_table);
		auto column = entry.GetColumn(Identifier(KeyLogColumns::BEGAN)).Physical().index;
		std::optional<int64_t> earliest;
		ScanTable(context, entry, {NumericCast<storage_t>(column)}, [&](DataChunk &chunk) {
			chunk.Flatten();
			for (idx_t i = 0; i < chunk.size(); i++) {
				auto began = FlatVector::GetData<int64_t>(chunk.data[0])[i];
				if (FlatVector::Validity(chunk.data[0]).RowIsValid(i) && (!earliest || began < *earliest)) {
					earliest = began;
				}
			}
		});
		return earliest;
	});
}

int64_t TransactionBegan(Session &session, const std::string &database) {
	return LookUp(session, [&](ClientContext &context) {
		auto &attached = OwnTable(context, database, "snapshots").ParentCatalog().GetAttached();
		return NumericCast<int64_t>(StartTime(context, attached));
	});
}

idx_t ClearEntries(Session &session, const std::string &database, const std::string &log_table) {
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = OwnTable(context, database, log_table, DatabaseModificationType::DELETE_DATA);
		RowDeleter deleter(context, entry);
		idx_t deleted = 0;
		ScanTable(context, entry, {COLUMN_IDENTIFIER_ROW_ID}, [&](DataChunk &chunk) {
			chunk.Flatten();
			deleted += deleter.Delete(chunk.data[0], chunk.size());
		});
		KeyLogs::Get(context).SetEntries(context, database, log_table, 0);
		return deleted;
	});
}

} // namespace cocosql
