#include "rows/append.hpp"

#include "catalog/catalog.hpp"
#include "catalog/own_table.hpp"
#include "catalog/table_layout.hpp"
#include "duckdb/stored_table.hpp"
#include "rows/collected.hpp"
#include "session/watch.hpp"

namespace cocosql {

using namespace duckdb;

idx_t AppendQuery(Session &session, const std::string &database, const std::string &table, const std::string &rows,
                  const std::map<std::string, int64_t> &values) {
	auto collected = CollectRows(session, rows);
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = OwnTable(context, database, table, DatabaseModificationType::INSERT_DATA);
		std::map<std::string, Value> constants;
		for (auto &[column, value] : values) {
			constants.emplace(column, Value::BIGINT(value));
		}
		TableLayout layout(entry, collected.names, constants);
		RowAppender appender(context, entry);
		Watch watch(session);
		for (auto &chunk : collected.Chunks()) {
			watch.Look();
			appender.Append(layout.LayOut(context, chunk));
		}
		appender.Finish();
		return collected.Count();
	});
}

} // namespace cocosql
