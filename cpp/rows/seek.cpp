#include "rows/seek.hpp"

#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/primary_index.hpp"
#include "rows/named_table.hpp"

#include <algorithm>
#include <functional>
#include <optional>

namespace cocosql {

using namespace duckdb;

namespace {

struct SeekData : TableFunctionData {
	//! Null if there is none that can be followed: then nothing is found.
	std::shared_ptr<PrimaryIndex> index;
	//! For each column of the index, its place in the query for keys.
	vector<column_t> places;
};

struct SeekState : LocalTableFunctionState {
	std::optional<KeySearch> search;
	//! What was found for a chunk and has not been handed out.
	std::vector<row_t> found;
	bool has_looked = false;
};

vector<column_t> Places(DuckTableEntry &table, const PrimaryIndex &index, const vector<Identifier> &given,
                        const vector<LogicalType> &types) {
	vector<column_t> places;
	for (auto physical : index.Columns()) {
		auto &column = table.GetColumns().GetColumn(physical);
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
	data->index = PrimaryIndex::Find(context, table);
	if (data->index) {
		data->places = Places(table, *data->index, input.input_table_names, input.input_table_types);
	}
	types.push_back(LogicalType::ROW_TYPE);
	names.emplace_back("coco_rowid");
	return std::move(data);
}

unique_ptr<LocalTableFunctionState> Init(ExecutionContext &context, TableFunctionInitInput &input,
                                         GlobalTableFunctionState *) {
	auto &data = input.bind_data->Cast<SeekData>();
	auto state = make_uniq<SeekState>();
	if (data.index) {
		state->search.emplace(context.client, data.index);
	}
	return std::move(state);
}

void Look(const SeekData &data, DataChunk &chunk, SeekState &state) {
	DataChunk keys;
	keys.InitializeEmpty([&] {
		vector<LogicalType> types;
		for (auto place : data.places) {
			types.push_back(chunk.data[place].GetType());
		}
		return types;
	}());
	keys.ReferenceColumns(chunk, data.places);
	state.search->Find(keys, state.found);
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
