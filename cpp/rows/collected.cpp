#include "rows/collected.hpp"

#include "duckdb/common/types/column/column_data_scan_states.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

constexpr const char *KEY = "cocosql_collected";
//! A thread is worth its start for so many chunks.
constexpr idx_t CHUNKS_PER_THREAD = 60;

struct AllCollected : ClientContextState {
	std::map<std::string, shared_ptr<const Collected>> by_name;
};

struct CollectedData : FunctionData {
	explicit CollectedData(shared_ptr<const Collected> collected) : collected(std::move(collected)) {
	}
	unique_ptr<FunctionData> Copy() const override {
		return make_uniq<CollectedData>(collected);
	}
	bool Equals(const FunctionData &other) const override {
		return collected == other.Cast<CollectedData>().collected;
	}
	shared_ptr<const Collected> collected;
};

struct GlobalScan : GlobalTableFunctionState {
	explicit GlobalScan(const ColumnDataCollection &rows) : rows(rows) {
		rows.InitializeScan(state);
	}
	idx_t MaxThreads() const override {
		return rows.ChunkCount() / CHUNKS_PER_THREAD + 1;
	}
	const ColumnDataCollection &rows;
	ColumnDataParallelScanState state;
};

struct LocalScan : LocalTableFunctionState {
	ColumnDataLocalScanState state;
};

unique_ptr<FunctionData> Bind(ClientContext &context, TableFunctionBindInput &input, vector<LogicalType> &types,
                              vector<Identifier> &names) {
	RequireEngine(context, input.table_function.GetName());
	auto name = input.inputs[0].ToString();
	auto all = context.registered_state->Get<AllCollected>(KEY);
	auto found = all ? all->by_name.find(name) : decltype(all->by_name.end()) {};
	if (!all || found == all->by_name.end()) {
		throw BinderException("no rows were collected as %s", name);
	}
	types = found->second->rows->Types();
	names = found->second->names;
	return make_uniq<CollectedData>(found->second);
}

unique_ptr<GlobalTableFunctionState> InitGlobal(ClientContext &, TableFunctionInitInput &input) {
	return make_uniq<GlobalScan>(*input.bind_data->Cast<CollectedData>().collected->rows);
}

unique_ptr<LocalTableFunctionState> InitLocal(ExecutionContext &, TableFunctionInitInput &, GlobalTableFunctionState *) {
	return make_uniq<LocalScan>();
}

void Scan(ClientContext &, TableFunctionInput &input, DataChunk &output) {
	auto &global = input.global_state->Cast<GlobalScan>();
	global.rows.Scan(global.state, input.local_state->Cast<LocalScan>().state, output);
}

unique_ptr<NodeStatistics> Cardinality(ClientContext &, const FunctionData *data) {
	auto count = data->Cast<CollectedData>().collected->rows->Count();
	return make_uniq<NodeStatistics>(count, count);
}

} // namespace

Collected CollectRows(Session &session, const std::string &sql) {
	auto result = session.RunLarge(sql);
	return {result->GetNames(), result->TakeCollection()};
}

void Keep(Session &session, const std::string &name, Collected collected) {
	auto all = session.connection.context->registered_state->GetOrCreate<AllCollected>(KEY);
	all->by_name[name] = make_shared_ptr<const Collected>(std::move(collected));
}

idx_t Collect(Session &session, const std::string &name, const std::string &sql) {
	auto collected = CollectRows(session, sql);
	auto count = collected.rows->Count();
	Keep(session, name, std::move(collected));
	return count;
}

void ForgetCollected(Session &session) {
	session.connection.context->registered_state->Remove(KEY);
}

TableFunction CollectedFunction() {
	TableFunction function("coco_collected", {LogicalType::VARCHAR}, Scan, Bind, InitGlobal, InitLocal);
	function.cardinality = Cardinality;
	return function;
}

} // namespace cocosql
