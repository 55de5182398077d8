#include "catalog/catalog.hpp"

#include "catalog/own_table.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/stored_table.hpp"

#include <unordered_set>

namespace cocosql {

using namespace duckdb;

namespace {

using Changes = std::vector<std::pair<const ColumnDefinition *, Value>>;

std::vector<row_t> RowIds(ClientContext &context, DuckTableEntry &entry, const Wanted &wanted) {
	StoredColumns columns;
	std::vector<std::unordered_set<int64_t>> values;
	for (auto &condition : wanted) {
		columns.push_back(entry.GetColumn(Identifier(condition.first)).StorageOid());
		values.emplace_back(condition.second.begin(), condition.second.end());
	}
	columns.push_back(COLUMN_IDENTIFIER_ROW_ID);
	std::vector<row_t> found;
	ScanTable(context, entry, columns, [&](DataChunk &chunk) {
		chunk.Flatten();
		auto is_wanted = [&](idx_t row) {
			for (idx_t i = 0; i < values.size(); i++) {
				auto &given = chunk.data[i];
				if (!FlatVector::Validity(given).RowIsValid(row) ||
				    values[i].count(FlatVector::GetData<int64_t>(given)[row]) == 0) {
					return false;
				}
			}
			return true;
		};
		for (idx_t row = 0; row < chunk.size(); row++) {
			if (is_wanted(row)) {
				found.push_back(FlatVector::GetData<row_t>(chunk.data[values.size()])[row]);
			}
		}
	});
	return found;
}

void DeleteRow(ClientContext &context, DuckTableEntry &entry, row_t row_id) {
	Vector row_ids(Value::BIGINT(row_id), count_t(1));
	row_ids.Flatten();
	RowDeleter(context, entry).Delete(row_ids, 1);
}

void UpdateRow(ClientContext &context, DuckTableEntry &entry, row_t row_id, const Changes &changes) {
	StoredColumns columns;
	vector<LogicalType> types;
	for (auto &change : changes) {
		columns.push_back(change.first->StorageOid());
		types.push_back(change.first->Type());
	}
	DataChunk values;
	values.InitializeEmpty(types);
	for (idx_t i = 0; i < changes.size(); i++) {
		values.data[i].Reference(changes[i].second, count_t(1));
	}
	values.CheckCardinality(1);
	Vector row_ids(Value::BIGINT(row_id), count_t(1));
	row_ids.Flatten();
	UpdateRows(context, entry, row_ids, columns, values);
}

//! As DuckDB updates lists: the row goes, and comes with other values.
void ReplaceRow(ClientContext &context, DuckTableEntry &entry, row_t row_id, const Changes &changes) {
	StoredColumns columns;
	vector<LogicalType> types;
	for (auto &column : entry.GetColumns().Physical()) {
		columns.push_back(column.StorageOid());
		types.push_back(column.Type());
	}
	DataChunk row;
	row.Initialize(context, types);
	std::vector<row_t> row_ids {row_id};
	RowFetcher(entry, columns).Fetch(context, row_ids, row);
	for (auto &change : changes) {
		row.data[change.first->Physical().index].Reference(change.second, count_t(1));
	}
	DeleteRow(context, entry, row_id);
	RowAppender appender(context, entry);
	appender.Append(row);
	appender.Finish();
}

} // namespace

idx_t AppendRecords(Session &session, const std::string &database, const std::string &table,
                    const std::vector<std::string> &columns, const std::vector<std::vector<Value>> &records) {
	if (records.empty()) {
		return 0;
	}
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = OwnTable(context, database, table, DatabaseModificationType::INSERT_DATA);
		vector<LogicalType> types;
		for (auto &column : entry.GetColumns().Physical()) {
			types.push_back(column.Type());
		}
		std::vector<optional_idx> places(types.size());
		for (idx_t i = 0; i < columns.size(); i++) {
			places[entry.GetColumn(Identifier(columns[i])).Physical().index] = optional_idx(i);
		}
		DataChunk rows;
		rows.Initialize(context, types, MinValue<idx_t>(records.size(), STANDARD_VECTOR_SIZE));
		RowAppender appender(context, entry);
		for (idx_t begin = 0; begin < records.size(); begin += STANDARD_VECTOR_SIZE) {
			auto count = MinValue<idx_t>(records.size() - begin, STANDARD_VECTOR_SIZE);
			rows.Reset();
			for (idx_t i = 0; i < types.size(); i++) {
				for (idx_t row = 0; row < count; row++) {
					auto &record = records[begin + row];
					auto value = places[i].IsValid() ? record[places[i].GetIndex()] : Value();
					rows.data[i].SetValue(row, value.DefaultCastAs(types[i]));
				}
			}
			rows.SetChildCardinality(count);
			appender.Append(rows);
		}
		appender.Finish();
		return records.size();
	});
}

idx_t UpdateRecords(Session &session, const std::string &database, const std::string &table, const std::string &column,
                    int64_t value, const std::vector<std::string> &columns, const std::vector<Value> &values) {
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = OwnTable(context, database, table, DatabaseModificationType::UPDATE_DATA);
		auto row_ids = RowIds(context, entry, {{column, {value}}});
		Changes changes;
		bool in_place = true;
		for (idx_t i = 0; i < columns.size(); i++) {
			auto &changed = entry.GetColumn(Identifier(columns[i]));
			changes.emplace_back(&changed, values[i].DefaultCastAs(changed.Type()));
			in_place = in_place && changed.Type().SupportsRegularUpdate();
		}
		for (auto row_id : row_ids) {
			if (in_place) {
				UpdateRow(context, entry, row_id, changes);
			} else {
				ReplaceRow(context, entry, row_id, changes);
			}
		}
		return idx_t(row_ids.size());
	});
}

idx_t DeleteRecords(Session &session, const std::string &database, const std::string &table, const Wanted &wanted) {
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = OwnTable(context, database, table, DatabaseModificationType::DELETE_DATA);
		auto row_ids = RowIds(context, entry, wanted);
		for (auto row_id : row_ids) {
			DeleteRow(context, entry, row_id);
		}
		return idx_t(row_ids.size());
	});
}

} // namespace cocosql
