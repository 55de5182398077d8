#include "duckdb/stored_row_groups.hpp"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/checkpoints.hpp"
#include "duckdb/storage/data_table.hpp"
#include "duckdb/storage/single_file_block_manager.hpp"
#include "duckdb/storage/table/row_group_collection.hpp"
#include "duckdb/storage/table/row_group_segment_tree.hpp"
#include "duckdb/storage/table/standard_column_data.hpp"
#include "duckdb/transaction/duck_transaction.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

//! Lists, arrays and what contains them are never updated in place, but deleted and inserted anew.
StoredColumns Updatable(const DuckTableEntry &table, const StoredColumns &columns) {
	StoredColumns updatable;
	for (auto column : columns) {
		if (table.GetColumns().GetColumn(PhysicalIndex(column)).Type().SupportsRegularUpdate()) {
			updatable.push_back(column);
		}
	}
	return updatable;
}

bool MayBeUpdated(RowGroup &group, storage_t column) {
	auto &data = group.GetRawColumnData(column);
	if (auto standard = dynamic_cast<StandardColumnData *>(&data)) {
		return standard->HasUpdates() || standard->GetValidityData().HasUpdates();
	}
	return data.HasAnyChanges();
}

std::vector<uint64_t> Place(const RowGroup &group, const StoredColumns &columns) {
	auto &pointers = group.GetColumnStartPointers();
	// Another version of DuckDB may store the same rows another way: it reads them again.
	std::vector<uint64_t> place {COCOSQL_DUCKDB_NUMBER};
	for (auto column : columns) {
		if (column >= pointers.size()) {
			return {};
		}
		place.insert(place.end(), {pointers[column].block_pointer, pointers[column].offset});
	}
	return place;
}

//! Of the rows that remain, counts the ones that are committed: fewer if some are not.
bool AreCommitted(RowGroup &group, idx_t remaining) {
	return group.GetVisibleRowCount(TransactionData(0, VisibilityBound::AllCommitted())) == remaining;
}

StoredRowGroup LookAt(RowGroup &group, const StoredColumns &columns, const StoredColumns &updatable) {
	StoredRowGroup found;
	found.count = group.count;
	found.remaining = group.GetCommittedRowCount();
	auto has_changes = group.HasChanges(VisibilityBound::AllCommitted());
	found.is_settled = AreCommitted(group, found.remaining);
	for (auto column : updatable) {
		found.is_settled = found.is_settled && !(has_changes && MayBeUpdated(group, column));
	}
	if (found.is_settled && !has_changes) {
		found.place = Place(group, columns);
	}
	return found;
}

optional_idx Checkpoint(RowGroupCollection &collection, AttachedDatabase &database) {
	auto manager = dynamic_cast<SingleFileBlockManager *>(&collection.GetBlockManager());
	if (!manager || IsCheckpointing(database)) {
		return optional_idx();
	}
	return optional_idx(manager->GetCheckpointIteration());
}

} // namespace

StoredRowGroups FindStoredRowGroups(DuckTableEntry &table, const StoredColumns &columns) {
	auto &collection = *table.GetStorage().GetRowGroupCollection();
	StoredRowGroups found;
	found.checkpoint = Checkpoint(collection, table.ParentCatalog().GetAttached());
	auto updatable = Updatable(table, columns);
	auto tree = collection.GetRowGroups();
	for (auto &node : tree->SegmentNodes()) {
		found.groups.push_back(LookAt(node.GetNode(), columns, updatable));
		found.groups.back().start = node.GetRowStart();
		found.groups.back().object = node.ReferenceNode();
	}
	return found;
}

bool RowGroupAt::IsCommitted() const {
	return AreCommitted(*object, object->GetCommittedRowCount());
}

bool RowGroupAt::MayBeUpdated(storage_t column) const {
	return cocosql::MayBeUpdated(*object, column);
}

shared_ptr<ColumnData> RowGroupAt::Column(storage_t column) const {
	return object->GetRawColumnData(column).shared_from_this();
}

std::vector<RowGroupAt> RowGroupsOf(DuckTableEntry &table) {
	std::vector<RowGroupAt> groups;
	for (auto &node : table.GetStorage().GetRowGroupCollection()->GetRowGroups()->SegmentNodes()) {
		groups.push_back({node.ReferenceNode(), node.GetRowStart(), node.GetNode().count});
	}
	return groups;
}

idx_t CountVisible(ClientContext &context, DuckTableEntry &table) {
	TransactionData transaction(DuckTransaction::Get(context, table.ParentCatalog()));
	idx_t count = 0;
	for (auto &node : table.GetStorage().GetRowGroupCollection()->GetRowGroups()->SegmentNodes()) {
		count += node.GetNode().GetVisibleRowCount(transaction);
	}
	return count;
}

} // namespace cocosql
