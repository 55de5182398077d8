#include "memo/wanted.hpp"

#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "session/names.hpp"
#include "session/session_states.hpp"

#include <algorithm>

namespace cocosql {

using namespace duckdb;

namespace {


struct Wanted : ClientContextState {
	explicit Wanted(const FingerprintSet &fingerprints) : fingerprints(fingerprints.begin(), fingerprints.end()) {
	}
	const std::vector<uhugeint_t> fingerprints;
};

struct WantedData : FunctionData {
	explicit WantedData(shared_ptr<Wanted> wanted) : wanted(std::move(wanted)) {
	}
	unique_ptr<FunctionData> Copy() const override {
		return make_uniq<WantedData>(wanted);
	}
	bool Equals(const FunctionData &other) const override {
		return wanted == other.Cast<WantedData>().wanted;
	}
	shared_ptr<Wanted> wanted;
};

struct GlobalScan : GlobalTableFunctionState {
	idx_t position = 0;
};

unique_ptr<FunctionData> Bind(ClientContext &context, TableFunctionBindInput &input, vector<LogicalType> &types,
                              vector<Identifier> &names) {
	RequireEngine(context, input.table_function.GetName());
	auto wanted = context.registered_state->Get<Wanted>(WANTED_STATE);
	if (!wanted) {
		throw BinderException("this connection looks for no fingerprints");
	}
	types = {LogicalType::UHUGEINT};
	names = {Identifier("fingerprint")};
	return make_uniq<WantedData>(std::move(wanted));
}

unique_ptr<GlobalTableFunctionState> Init(ClientContext &, TableFunctionInitInput &) {
	return make_uniq<GlobalScan>();
}

void Scan(ClientContext &, TableFunctionInput &input, DataChunk &output) {
	auto &fingerprints = input.bind_data->Cast<WantedData>().wanted->fingerprints;
	auto &position = input.global_state->Cast<GlobalScan>().position;
	auto count = MinValue<idx_t>(fingerprints.size() - position, STANDARD_VECTOR_SIZE);
	std::copy_n(fingerprints.begin() + NumericCast<int64_t>(position), count,
	            FlatVector::GetDataMutable<uhugeint_t>(output.data[0]));
	position += count;
	output.SetChildCardinality(count);
}

unique_ptr<NodeStatistics> Cardinality(ClientContext &, const FunctionData *data) {
	auto count = data->Cast<WantedData>().wanted->fingerprints.size();
	return make_uniq<NodeStatistics>(count, count);
}

} // namespace

void SetWanted(ClientContext &context, const FingerprintSet &fingerprints) {
	context.registered_state->Remove(WANTED_STATE);
	context.registered_state->Insert(WANTED_STATE, make_shared_ptr<Wanted>(fingerprints));
}

TableFunction WantedFunction() {
	TableFunction function("coco_wanted", {}, Scan, Bind, Init);
	function.cardinality = Cardinality;
	return function;
}

} // namespace cocosql
