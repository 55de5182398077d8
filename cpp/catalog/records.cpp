#include "catalog/catalog.hpp"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/common/enums/database_modification_type.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/main/appender.hpp"
#include "duckdb/storage/data_table.hpp"
#include "duckdb/storage/table/delete_state.hpp"
#include "duckdb/storage/table/scan_state.hpp"
#include "duckdb/transaction/duck_transaction.hpp"
#include "duckdb/transaction/meta_transaction.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

DuckTableEntry &Changed(ClientContext &context, const std::string &database, const std::string &table,
                        DatabaseModificationType change) {
	auto &catalog = Catalog::GetCatalog(context, Identifier(database));
	MetaTransaction::Get(context).ModifyDatabase(catalog.GetAttached(), change);
	return catalog.GetEntry(context, CatalogType::TABLE_ENTRY, "coco", Identifier(table)).Cast<DuckTableEntry>();
}

} // namespace

idx_t AppendRecords(Session &session, const std::string &database, const std::string &table,
                    const std::vector<std::string> &columns, const std::vector<std::vector<Value>> &records) {
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = Changed(context, database, table, DatabaseModificationType::INSERT_DATA);
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
		auto &entry = Changed(context, database, table, DatabaseModificationType::DELETE_DATA);
		auto &storage = entry.GetStorage();
		auto &transaction = DuckTransaction::Get(context, entry.catalog);
		TableScanState scan;
		storage.InitializeScan(
		    context, transaction, scan,
		    {StorageIndex(entry.GetColumn(Identifier(column)).StorageOid()), StorageIndex(COLUMN_IDENTIFIER_ROW_ID)});
		DataChunk chunk;
		chunk.Initialize(context, {LogicalType::BIGINT, LogicalType::ROW_TYPE});
		std::vector<row_t> found;
		while (true) {
			chunk.Reset();
			storage.Scan(transaction, chunk, scan);
			if (chunk.size() == 0) {
				break;
			}
			chunk.Flatten();
			auto values = FlatVector::GetData<int64_t>(chunk.data[0]);
			auto row_ids = FlatVector::GetData<row_t>(chunk.data[1]);
			for (idx_t i = 0; i < chunk.size(); i++) {
				if (FlatVector::Validity(chunk.data[0]).RowIsValid(i) && values[i] == value) {
					found.push_back(row_ids[i]);
				}
			}
		}
		auto state = storage.InitializeDelete(entry, context, {});
		for (idx_t begin = 0; begin < found.size(); begin += STANDARD_VECTOR_SIZE) {
			auto count = MinValue<idx_t>(found.size() - begin, STANDARD_VECTOR_SIZE);
			Vector row_ids(LogicalType::ROW_TYPE, data_ptr_cast(found.data() + begin), count);
			storage.Delete(*state, context, entry, row_ids, count);
		}
		return found.size();
	});
}

} // namespace cocosql
