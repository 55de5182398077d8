#include "rows/delete.hpp"

#include "catalog/catalog.hpp"
#include "catalog/own_table.hpp"
#include "duckdb/stored_table.hpp"
#include "rows/collected.hpp"

namespace cocosql {

using namespace duckdb;

idx_t DeleteRows(Session &session, const std::string &database, const std::string &table, const std::string &row_ids) {
	auto rows = CollectRows(session, row_ids);
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = OwnTable(context, database, table, DatabaseModificationType::DELETE_DATA);
		RowDeleter deleter(context, entry);
		idx_t deleted = 0;
		for (auto &chunk : rows.Chunks()) {
			chunk.Flatten();
			deleted += deleter.Delete(chunk.data[0], chunk.size());
		}
		return deleted;
	});
}

} // namespace cocosql
