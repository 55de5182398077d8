#include "rows/fetch.hpp"

#include "duckdb/storage/data_table.hpp"
#include "duckdb/storage/table/scan_state.hpp"
#include "duckdb/transaction/duck_transaction.hpp"
#include "rows/named_table.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

struct FetchData : TableFunctionData {
	explicit FetchData(DuckTableEntry &table) : table(table) {
	}
	DuckTableEntry &table;
	vector<StorageIndex> columns;
};

struct FetchState : LocalTableFunctionState {
	ColumnFetchState columns;
	//! The row ids of the chunk, without NULLs.
	vector<row_t> row_ids;
};

unique_ptr<FunctionData> Bind(ClientContext &context, TableFunctionBindInput &input, vector<LogicalType> &types,
                              vector<Identifier> &names) {
	auto data = make_uniq<FetchData>(NamedTable(context, input));
	if (input.input_table_types.size() != 1 || input.input_table_types[0] != LogicalType::BIGINT) {
		throw BinderException("coco_fetch takes a query for row ids");
	}
	for (auto &column_name : ListValue::GetChildren(input.inputs[4])) {
		auto &column = data->table.GetColumn(Identifier(column_name.ToString()));
		data->columns.emplace_back(column.StorageOid());
		types.push_back(column.Type());
		names.push_back(column.Name());
	}
	types.push_back(LogicalType::BIGINT);
	names.emplace_back("coco_rowid");
	data->columns.emplace_back(COLUMN_IDENTIFIER_ROW_ID);
	return std::move(data);
}

unique_ptr<LocalTableFunctionState> Init(ExecutionContext &, TableFunctionInitInput &, GlobalTableFunctionState *) {
	return make_uniq<FetchState>();
}

OperatorResultType Execute(ExecutionContext &context, TableFunctionInput &input, DataChunk &chunk, DataChunk &output) {
	auto &data = input.bind_data->Cast<FetchData>();
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
	auto &transaction = DuckTransaction::Get(context.client, data.table.catalog);
	Vector row_ids(LogicalType::ROW_TYPE, data_ptr_cast(state.row_ids.data()), state.row_ids.size());
	data.table.GetStorage().Fetch(transaction, output, data.columns, row_ids, state.row_ids.size(), state.columns);
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
