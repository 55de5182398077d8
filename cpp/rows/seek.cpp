#include "rows/seek.hpp"

#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/execution/index/art/art.hpp"
#include "duckdb/execution/index/art/art_operator.hpp"
#include "duckdb/execution/index/art/iterator.hpp"
#include "duckdb/storage/arena_allocator.hpp"
#include "duckdb/storage/data_table.hpp"
#include "duckdb/storage/table/data_table_info.hpp"
#include "duckdb/storage/table/index_entry.hpp"
#include "duckdb/storage/table/table_index_list.hpp"
#include "rows/named_table.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

struct SeekData : TableFunctionData {
	//! Null if there is none that can be followed: then nothing is found.
	shared_ptr<IndexEntry> index;
	//! For each column of the index, its place in the query for keys.
	vector<column_t> places;
};

struct SeekState : LocalTableFunctionState {
	explicit SeekState(ClientContext &context) : arena(Allocator::Get(context)) {
	}
	ArenaAllocator arena;
	//! What was found for a chunk and has not been handed out.
	std::vector<row_t> found;
	bool has_looked = false;
};

shared_ptr<IndexEntry> PrimaryIndex(ClientContext &context, DuckTableEntry &table) {
	auto &info = *table.GetStorage().GetDataTableInfo();
	info.BindIndexes(context, ART::TYPE_NAME);
	vector<shared_ptr<IndexEntry>> entries;
	for (auto entry : info.GetIndexes().IndexEntries()) {
		entries.push_back(entry);
	}
	for (auto &entry : entries) {
		if (entry->GetBindState() != IndexBindState::BOUND || entry->GetIndexType() != ART::TYPE_NAME) {
			continue;
		}
		auto handle = entry->GetReadHandle<ART>();
		if (handle->IsPrimary()) {
			return entry;
		}
	}
	return nullptr;
}

vector<column_t> Places(DuckTableEntry &table, IndexEntry &index, const vector<Identifier> &given,
                        const vector<LogicalType> &types) {
	vector<column_t> places;
	auto handle = index.GetReadHandle<ART>();
	for (auto number : handle->GetColumnIds()) {
		auto &column = table.GetColumns().GetColumn(PhysicalIndex(number));
		auto &name = column.Name();
		auto found = std::find(given.begin(), given.end(), name);
		auto place = NumericCast<column_t>(found - given.begin());
		if (found == given.end() || types[place] != column.Type()) {
			throw BinderException("coco_seek takes the columns of the primary key: %s %s is missing", name,
			                      column.Type().ToString());
		}
		places.push_back(place);
	}
	return places;
}

unique_ptr<FunctionData> Bind(ClientContext &context, TableFunctionBindInput &input, vector<LogicalType> &types,
                              vector<Identifier> &names) {
	auto &table = NamedTable(context, input);
	auto data = make_uniq<SeekData>();
	data->index = PrimaryIndex(context, table);
	if (data->index) {
		data->places = Places(table, *data->index, input.input_table_names, input.input_table_types);
	}
	types.push_back(LogicalType::ROW_TYPE);
	names.emplace_back("coco_rowid");
	return std::move(data);
}

unique_ptr<LocalTableFunctionState> Init(ExecutionContext &context, TableFunctionInitInput &,
                                         GlobalTableFunctionState *) {
	return make_uniq<SeekState>(context.client);
}

//! The row ids under each key, with the index to ourselves: for some milliseconds no other transaction commits keys.
void Look(const SeekData &data, DataChunk &chunk, SeekState &state) {
	DataChunk ordered;
	ordered.InitializeEmpty([&] {
		vector<LogicalType> types;
		for (auto place : data.places) {
			types.push_back(chunk.data[place].GetType());
		}
		return types;
	}());
	ordered.ReferenceColumns(chunk, data.places);
	ordered.Flatten();
	auto handle = data.index->GetWriteHandle<ART>();
	const ART &art = *handle.operator->();
	state.arena.Reset();
	unsafe_vector<ARTKey> keys(chunk.size());
	art.GenerateKeys<>(state.arena, ordered, keys);
	for (auto &key : keys) {
		auto leaf = key.Empty() ? OptionalNodePtr() : ARTOperator::Lookup(art, art.tree, key, 0);
		if (!leaf) {
			continue;
		}
		std::set<row_t> row_ids;
		Iterator iterator(art);
		iterator.FindMinimum(leaf.Get());
		RowIdSetOutput output(row_ids, NumericLimits<idx_t>::Maximum());
		iterator.Scan(ARTKey(), output, false);
		state.found.insert(state.found.end(), row_ids.begin(), row_ids.end());
	}
	// In the order of the table, so that who fetches them reads each segment once.
	std::sort(state.found.begin(), state.found.end(), std::greater<row_t>());
}

OperatorResultType Execute(ExecutionContext &, TableFunctionInput &input, DataChunk &chunk, DataChunk &output) {
	auto &data = input.bind_data->Cast<SeekData>();
	auto &state = input.local_state->Cast<SeekState>();
	if (!data.index) {
		return OperatorResultType::NEED_MORE_INPUT;
	}
	if (!std::exchange(state.has_looked, true)) {
		Look(data, chunk, state);
	}
	auto count = MinValue<idx_t>(state.found.size(), STANDARD_VECTOR_SIZE);
	auto row_ids = FlatVector::GetDataMutable<row_t>(output.data[0]);
	for (idx_t i = 0; i < count; i++) {
		row_ids[i] = state.found.back();
		state.found.pop_back();
	}
	output.SetChildCardinality(count);
	if (!state.found.empty()) {
		return OperatorResultType::HAVE_MORE_OUTPUT;
	}
	state.has_looked = false;
	return OperatorResultType::NEED_MORE_INPUT;
}

} // namespace

TableFunction SeekFunction() {
	TableFunction function("coco_seek",
	                       {LogicalType::TABLE, LogicalType::VARCHAR, LogicalType::VARCHAR, LogicalType::VARCHAR},
	                       nullptr, Bind, nullptr, Init);
	function.in_out_function = Execute;
	return function;
}

} // namespace cocosql
