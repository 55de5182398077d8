#include "rows/delete.hpp"

#include "catalog/catalog.hpp"
#include "catalog/own_table.hpp"
#include "duckdb/storage/data_table.hpp"
#include "duckdb/storage/table/delete_state.hpp"

namespace cocosql {

using namespace duckdb;

idx_t DeleteRows(Session &session, const std::string &database, const std::string &table, const std::string &row_ids) {
	auto rows = session.Run(row_ids);
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = OwnTable(context, database, table, DatabaseModificationType::DELETE_DATA);
		auto &storage = entry.GetStorage();
		auto state = storage.InitializeDelete(entry, context, {});
		idx_t deleted = 0;
		while (auto chunk = rows->Fetch()) {
			chunk->Flatten();
			deleted += storage.Delete(*state, context, entry, chunk->data[0], chunk->size());
		}
		return deleted;
	});
}

} // namespace cocosql
