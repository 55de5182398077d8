#include "catalog/catalog.hpp"

#include "catalog/own_table.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/main/appender.hpp"
#include "duckdb/stored_table.hpp"

namespace cocosql {

using namespace duckdb;

idx_t AppendRecords(Session &session, const std::string &database, const std::string &table,
                    const std::vector<std::string> &columns, const std::vector<std::vector<Value>> &records) {
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = OwnTable(context, database, table, DatabaseModificationType::INSERT_DATA);
		InternalAppender appender(context, entry);
		std::vector<idx_t> places;
		for (auto &name : columns) {
			places.push_back(entry.GetColumn(Identifier(name)).Logical().index);
		}
		for (auto &record : records) {
			vector<Value> row(entry.GetColumns().LogicalColumnCount());
			for (idx_t i = 0; i < places.size(); i++) {
				row[places[i]] = record[i];
			}
			appender.BeginRow();
			for (auto &column : entry.GetColumns().Logical()) {
				appender.Append(row[column.Logical().index].DefaultCastAs(column.Type()));
			}
			appender.EndRow();
		}
		appender.Close();
		return records.size();
	});
}

idx_t DeleteRecords(Session &session, const std::string &database, const std::string &table, const std::string &column,
                    int64_t value) {
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = OwnTable(context, database, table, DatabaseModificationType::DELETE_DATA);
		StoredColumns columns {entry.GetColumn(Identifier(column)).StorageOid(), COLUMN_IDENTIFIER_ROW_ID};
		RowDeleter deleter(context, entry);
		idx_t deleted = 0;
		ScanTable(context, entry, columns, [&](DataChunk &chunk) {
			chunk.Flatten();
			auto &given = chunk.data[0];
			SelectionVector found(chunk.size());
			idx_t count = 0;
			for (idx_t i = 0; i < chunk.size(); i++) {
				if (FlatVector::Validity(given).RowIsValid(i) && FlatVector::GetData<int64_t>(given)[i] == value) {
					found.set_index(count++, i);
				}
			}
			if (count > 0) {
				Vector row_ids(chunk.data[1], found, count);
				row_ids.Flatten();
				deleted += deleter.Delete(row_ids, count);
			}
		});
		return deleted;
	});
}

} // namespace cocosql
