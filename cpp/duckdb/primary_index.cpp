#include "duckdb/primary_index.hpp"

#include "duckdb/execution/index/art/art.hpp"
#include "duckdb/execution/index/art/art_operator.hpp"
#include "duckdb/execution/index/art/iterator.hpp"
#include "duckdb/storage/arena_allocator.hpp"
#include "duckdb/storage/data_table.hpp"
#include "duckdb/storage/table/data_table_info.hpp"
#include "duckdb/storage/table/index_entry.hpp"
#include "duckdb/storage/table/table_index_list.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

bool IsPrimary(IndexEntry &entry) {
	if (entry.GetBindState() != IndexBindState::BOUND || entry.GetIndexType() != ART::TYPE_NAME) {
		return false;
	}
	auto handle = entry.GetReadHandle<ART>();
	return handle->IsPrimary();
}

} // namespace

std::shared_ptr<PrimaryIndex> PrimaryIndex::Find(ClientContext &context, DuckTableEntry &table) {
	auto &info = *table.GetStorage().GetDataTableInfo();
	info.BindIndexes(context, ART::TYPE_NAME);
	vector<shared_ptr<IndexEntry>> entries;
	for (auto entry : info.GetIndexes().IndexEntries()) {
		entries.push_back(entry);
	}
	for (auto &entry : entries) {
		if (IsPrimary(*entry)) {
			return std::make_shared<PrimaryIndex>(std::move(entry));
		}
	}
	return nullptr;
}

PrimaryIndex::PrimaryIndex(shared_ptr<IndexEntry> entry) : entry(std::move(entry)) {
}

PrimaryIndex::~PrimaryIndex() = default;

vector<PhysicalIndex> PrimaryIndex::Columns() const {
	vector<PhysicalIndex> columns;
	auto handle = entry->GetReadHandle<ART>();
	for (auto number : handle->GetColumnIds()) {
		columns.emplace_back(number);
	}
	return columns;
}

KeySearch::KeySearch(ClientContext &context, std::shared_ptr<PrimaryIndex> index)
    : index(std::move(index)), arena(make_uniq<ArenaAllocator>(Allocator::Get(context))) {
}

KeySearch::~KeySearch() = default;

void KeySearch::Find(DataChunk &keys, std::vector<row_t> &row_ids) {
	keys.Flatten();
	auto handle = index->entry->GetWriteHandle<ART>();
	const ART &art = *handle.operator->();
	arena->Reset();
	unsafe_vector<ARTKey> art_keys(keys.size());
	art.GenerateKeys<>(*arena, keys, art_keys);
	for (auto &key : art_keys) {
		auto leaf = key.Empty() ? OptionalNodePtr() : ARTOperator::Lookup(art, art.tree, key, 0);
		if (!leaf) {
			continue;
		}
		std::set<row_t> found;
		Iterator iterator(art);
		iterator.FindMinimum(leaf.Get());
		RowIdSetOutput output(found, NumericLimits<idx_t>::Maximum());
		iterator.Scan(ARTKey(), output, false);
		row_ids.insert(row_ids.end(), found.begin(), found.end());
	}
}

} // namespace cocosql
