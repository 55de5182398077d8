#include "rows/collected.hpp"

#include "duckdb/common/types/column/column_data_scan_states.hpp"
#include "rows/column_pick.hpp"
#include "session/kept_plans.hpp"
#include "session/session_states.hpp"

#include <algorithm>

namespace cocosql {

using namespace duckdb;

namespace {

//! A thread is worth its start for so many chunks.
constexpr idx_t CHUNKS_PER_THREAD = 60;

using ByName = std::map<std::string, shared_ptr<const Collected>>;

struct AllCollected : ClientContextState {
	ByName by_name;
	ByName aside;
};

shared_ptr<const Collected> Require(const shared_ptr<const Collected> &found, const std::string &name) {
	if (!found) {
		throw BinderException("no rows were collected as %s", name);
	}
	return found;
}

AllCollected &CollectedOf(Session &session) {
	return *session.connection.context->registered_state->GetOrCreate<AllCollected>(COLLECTED_STATE);
}

//! The rows are looked for by name when the plan runs: it may run again, on others.
struct CollectedData : FunctionData {
	CollectedData(std::string name, idx_t count) : name(std::move(name)), count(count) {
	}
	unique_ptr<FunctionData> Copy() const override {
		return make_uniq<CollectedData>(*this);
	}
	bool Equals(const FunctionData &other) const override {
		return name == other.Cast<CollectedData>().name;
	}
	std::string name;
	//! How many rows there were when the plan was made.
	idx_t count;
};

struct GlobalScan : GlobalTableFunctionState {
	explicit GlobalScan(shared_ptr<const Collected> collected_p)
	    : collected(std::move(collected_p)), rows(*collected->rows) {
		rows.InitializeScan(state, collected->columns);
	}
	idx_t MaxThreads() const override {
		return rows.ChunkCount() / CHUNKS_PER_THREAD + 1;
	}
	shared_ptr<const Collected> collected;
	const ColumnDataCollection &rows;
	ColumnDataParallelScanState state;
};

struct LocalScan : LocalTableFunctionState {
	ColumnDataLocalScanState state;
};

shared_ptr<const Collected> Find(ClientContext &context, const std::string &name) {
	auto all = context.registered_state->Get<AllCollected>(COLLECTED_STATE);
	if (!all) {
		return nullptr;
	}
	auto found = all->by_name.find(name);
	return found == all->by_name.end() ? nullptr : found->second;
}

//! What a query gives that only takes columns of rows that are kept.
std::optional<Collected> Picked(Session &session, const std::string &sql) {
	auto pick = ColumnPick::Read(sql);
	auto from = pick ? Find(*session.connection.context, pick->name) : nullptr;
	if (!from) {
		return std::nullopt;
	}
	Collected picked(*from);
	if (pick->columns.empty()) {
		return picked;
	}
	picked.names.clear();
	picked.columns.clear();
	for (auto &[column, shown] : pick->columns) {
		auto found = std::find(from->names.begin(), from->names.end(), Identifier(column));
		if (found == from->names.end()) {
			return std::nullopt;
		}
		picked.names.emplace_back(shown);
		picked.columns.push_back(from->columns[NumericCast<idx_t>(found - from->names.begin())]);
	}
	return picked;
}

unique_ptr<FunctionData> Bind(ClientContext &context, TableFunctionBindInput &input, vector<LogicalType> &types,
                              vector<Identifier> &names) {
	RequireEngine(context, input.table_function.GetName());
	auto name = input.inputs[0].ToString();
	auto found = Require(Find(context, name), name);
	types = found->Types();
	names = found->names;
	UsePlanWhile(context, input.table_function.GetName(), [name, types, names](ClientContext &later) {
		auto rows = Find(later, name);
		return rows && rows->Count() <= MOST_PLANNED_ROWS && rows->names == names && rows->Types() == types;
	});
	return make_uniq<CollectedData>(name, found->Count());
}

unique_ptr<GlobalTableFunctionState> InitGlobal(ClientContext &context, TableFunctionInitInput &input) {
	return make_uniq<GlobalScan>(Find(context, input.bind_data->Cast<CollectedData>().name));
}

unique_ptr<LocalTableFunctionState> InitLocal(ExecutionContext &, TableFunctionInitInput &, GlobalTableFunctionState *) {
	return make_uniq<LocalScan>();
}

void Scan(ClientContext &, TableFunctionInput &input, DataChunk &output) {
	auto &global = input.global_state->Cast<GlobalScan>();
	global.rows.Scan(global.state, input.local_state->Cast<LocalScan>().state, output);
}

unique_ptr<NodeStatistics> Cardinality(ClientContext &, const FunctionData *data) {
	return make_uniq<NodeStatistics>(data->Cast<CollectedData>().count);
}

} // namespace

Collected::Collected(vector<Identifier> names, shared_ptr<const ColumnDataCollection> rows)
    : names(std::move(names)), rows(std::move(rows)) {
	for (column_t column = 0; column < this->names.size(); column++) {
		columns.push_back(column);
	}
}

vector<LogicalType> Collected::Types() const {
	vector<LogicalType> types;
	for (auto column : columns) {
		types.push_back(rows->Types()[column]);
	}
	return types;
}

column_t Place(const vector<Identifier> &names, const std::string &name) {
	auto found = std::find(names.begin(), names.end(), Identifier(name));
	if (found == names.end()) {
		throw BinderException("the rows have no column %s", name);
	}
	return NumericCast<column_t>(found - names.begin());
}

Collected CollectRows(Session &session, const std::string &sql) {
	if (auto picked = Picked(session, sql)) {
		return std::move(*picked);
	}
	auto result = session.RunLarge(sql);
	auto names = result->GetNames();
	return {std::move(names), shared_ptr<const ColumnDataCollection>(result->TakeCollection())};
}

void VisitRows(Session &session, const std::string &sql,
               const std::function<void(const vector<Identifier> &, const vector<LogicalType> &)> &begin,
               const std::function<void(DataChunk &)> &visit) {
	auto picked = Picked(session, sql);
	if (!picked) {
		session.Stream(sql, begin, visit);
		return;
	}
	begin(picked->names, picked->Types());
	for (auto &chunk : picked->Chunks()) {
		visit(chunk);
	}
}

void Keep(Session &session, const std::string &name, Collected collected) {
	CollectedOf(session).by_name[name] = make_shared_ptr<const Collected>(std::move(collected));
}

idx_t Collect(Session &session, const std::string &name, const std::string &sql) {
	auto collected = CollectRows(session, sql);
	auto count = collected.Count();
	Keep(session, name, std::move(collected));
	return count;
}

void ForgetCollected(Session &session) {
	session.connection.context->registered_state->Remove(COLLECTED_STATE);
}

void LayAside(Session &session, const std::string &name, const std::string &key) {
	auto &all = CollectedOf(session);
	all.aside[key] = Require(all.by_name[name], name);
}

void TakeUp(Session &session, const std::string &name, const std::string &key) {
	auto &all = CollectedOf(session);
	all.by_name[name] = Require(all.aside[key], key);
}

void ForgetNames(Session &session) {
	CollectedOf(session).by_name.clear();
}

TableFunction CollectedFunction() {
	TableFunction function("coco_collected", {LogicalType::VARCHAR}, Scan, Bind, InitGlobal, InitLocal);
	function.cardinality = Cardinality;
	return function;
}

} // namespace cocosql
