#include "capture/key_log_entries.hpp"

#include "capture/key_log.hpp"
#include "catalog/catalog.hpp"
#include "catalog/own_table.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/stored_table.hpp"

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
