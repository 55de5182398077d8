#include "rows/update.hpp"

#include "catalog/catalog.hpp"
#include "catalog/own_table.hpp"
#include "duckdb/stored_table.hpp"
#include "rows/collected.hpp"
#include "session/watch.hpp"

namespace cocosql {

using namespace duckdb;

idx_t UpdateQuery(Session &session, const std::string &database, const std::string &table, const std::string &rows) {
	auto collected = CollectRows(session, rows);
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = OwnTable(context, database, table, DatabaseModificationType::UPDATE_DATA);
		StoredColumns columns;
		vector<column_t> places;
		for (column_t place = 1; place < collected.names.size(); place++) {
			columns.push_back(entry.GetColumn(collected.names[place]).StorageOid());
			places.push_back(place);
		}
		auto types = collected.Types();
		DataChunk values;
		values.InitializeEmpty({types.begin() + 1, types.end()});
		Watch watch(session);
		for (auto &chunk : collected.Chunks()) {
			watch.Look();
			chunk.Flatten();
			values.ReferenceColumns(chunk, places);
			UpdateRows(context, entry, chunk.data[0], columns, values);
		}
		return collected.Count();
	});
}

} // namespace cocosql
