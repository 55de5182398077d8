#include "rows/fetch.hpp"

#include "duckdb/stored_table.hpp"
#include "rows/named_table.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

struct FetchData : TableFunctionData {
	explicit FetchData(DuckTableEntry &table) : table(table) {
	}
	DuckTableEntry &table;
	StoredColumns columns;
};

struct FetchState : LocalTableFunctionState {
	explicit FetchState(const FetchData &data) : fetcher(data.table, data.columns) {
	}
	RowFetcher fetcher;
	//! The row ids of the chunk, without NULLs.
	std::vector<row_t> row_ids;
};

unique_ptr<FunctionData> Bind(ClientContext &context, TableFunctionBindInput &input, vector<LogicalType> &types,
                              vector<Identifier> &names) {
	auto data = make_uniq<FetchData>(NamedTable(context, input));
	if (input.input_table_types.size() != 1 || input.input_table_types[0] != LogicalType::BIGINT) {
		throw BinderException("coco_fetch takes a query for row ids");
	}
	for (auto &column_name : ListValue::GetChildren(input.inputs[4])) {
		auto &column = data->table.GetColumn(Identifier(column_name.ToString()));
		data->columns.push_back(column.StorageOid());
		types.push_back(column.Type());
		names.push_back(column.Name());
	}
	types.push_back(LogicalType::BIGINT);
	names.emplace_back("coco_rowid");
	data->columns.push_back(COLUMN_IDENTIFIER_ROW_ID);
	return std::move(data);
}

unique_ptr<LocalTableFunctionState> Init(ExecutionContext &, TableFunctionInitInput &input,
                                         GlobalTableFunctionState *) {
	return make_uniq<FetchState>(input.bind_data->Cast<FetchData>());
}

OperatorResultType Execute(ExecutionContext &context, TableFunctionInput &input, DataChunk &chunk, DataChunk &output) {
	auto &state = input.local_state->Cast<FetchState>();
	chunk.data[0].Flatten();
	auto given = FlatVector::GetData<row_t>(chunk.data[0]);
	state.row_ids.clear();
	for (idx_t i = 0; i < chunk.size(); i++) {
		if (FlatVector::Validity(chunk.data[0]).RowIsValid(i)) {
			state.row_ids.push_back(given[i]);
		}
	}
	if (state.row_ids.empty()) {
		return OperatorResultType::NEED_MORE_INPUT;
	}
	state.fetcher.Fetch(context.client, state.row_ids, output);
	return OperatorResultType::NEED_MORE_INPUT;
}

} // namespace

TableFunction FetchFunction() {
	TableFunction function("coco_fetch",
	                       {LogicalType::TABLE, LogicalType::VARCHAR, LogicalType::VARCHAR, LogicalType::VARCHAR,
	                        LogicalType::LIST(LogicalType::VARCHAR)},
	                       nullptr, Bind, nullptr, Init);
	function.in_out_function = Execute;
	return function;
}

} // namespace cocosql
