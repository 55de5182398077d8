#include "calls/inline_call.hpp"

#include "calls/cancellation.hpp"
#include "calls/calls.hpp"
#include "duckdb/execution/expression_executor_state.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "fingerprint/fingerprint.hpp"
#include "memo/memo_reader.hpp"
#include "memo/memo_writer.hpp"
#include "python/errors.hpp"
#include "session/session.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>

namespace cocosql {

using namespace duckdb;

namespace {

struct InlineInfo : ScalarFunctionInfo {
	explicit InlineInfo(shared_ptr<PythonFunction> function) : function(std::move(function)) {
	}
	shared_ptr<PythonFunction> function;
};

struct InlineState : FunctionLocalState {
	InlineState(ClientContext &context, shared_ptr<PythonFunction> function_p)
	    : context(context), function(std::move(function_p)), memo(context, *function), run(RunState::Of(context)) {
	}
	ClientContext &context;
	shared_ptr<PythonFunction> function;
	MemoReader memo;
	shared_ptr<RunState> run;
};

//! Keeps results in memory.
class ResultCollector : public ResultSink {
public:
	explicit ResultCollector(const LogicalType &type) : type(type) {
	}
	void Add(uhugeint_t fingerprint, nb::handle result) override {
		results.emplace(fingerprint, ToValue(result, type));
	}
	void FlushIfDue(bool) override {
	}
	Results results;

private:
	const LogicalType &type;
};

//! The argument tuples of a chunk: their fingerprints, and a row where each stands.
struct Arguments {
	Arguments(DataChunk &chunk, const PythonFunction &function)
	    : chunk(chunk), fingerprints(LogicalType::UHUGEINT, chunk.size()) {
		FingerprintRows(chunk, fingerprints);
		fingerprints.Flatten();
		for (idx_t row = 0; row < chunk.size(); row++) {
			if (WantsCall(row, function)) {
				rows.emplace(Fingerprint(row), row);
			}
		}
	}

	uhugeint_t Fingerprint(idx_t row) const {
		return FlatVector::GetData<uhugeint_t>(fingerprints)[row];
	}
	bool WantsCall(idx_t row, const PythonFunction &function) const {
		for (idx_t i = 0; i < chunk.ColumnCount(); i++) {
			if (!function.takes_null[i] && chunk.data[i].GetValue(row).IsNull()) {
				return false;
			}
		}
		return true;
	}
	FingerprintSet Distinct() const {
		FingerprintSet distinct;
		for (auto &entry : rows) {
			distinct.insert(entry.first);
		}
		return distinct;
	}

	DataChunk &chunk;
	Vector fingerprints;
	std::unordered_map<uhugeint_t, idx_t, FingerprintHash> rows;
};

FingerprintSet Missing(const FingerprintSet &wanted, const Results &results) {
	FingerprintSet missing;
	for (auto &fingerprint : wanted) {
		if (!results.count(fingerprint)) {
			missing.insert(fingerprint);
		}
	}
	return missing;
}

std::string Database(ClientContext &context) {
	return DatabaseManager::GetDefaultDatabase(context).GetIdentifierName();
}

void Store(InlineState &state, const Results &results) {
	if (results.empty() || !state.memo.TakesResults()) {
		return;
	}
	if (state.memo.Table().empty()) {
		state.memo.SetTable(WithPython([&] {
			auto make = nb::module_::import_("cocosql.catalog.functions").attr("make_memo");
			return nb::cast<std::string>(make(std::make_unique<Session>(state.context), state.function->id, Database(state.context)));
		}));
	}
	auto run_id = state.run ? state.run->run_id : 0;
	MemoWriter writer(DatabaseInstance::GetDatabase(state.context), state.memo.Table(), state.function->result, run_id);
	for (auto &entry : results) {
		writer.AddValue(entry.first, entry.second);
	}
	writer.Flush();
}

//! Argument tuples of a chunk.
class Chosen : public ArgumentSource {
public:
	Chosen(const Arguments &arguments, const FingerprintSet &fingerprints) {
		for (auto &column : arguments.chunk.data) {
			chosen.columns.emplace_back(column);
		}
		for (auto &fingerprint : fingerprints) {
			chosen.rows.emplace_back(arguments.rows.at(fingerprint), fingerprint);
		}
		total = chosen.rows.size();
	}

	bool Next(ArgumentChunk &next) override {
		next = std::exchange(chosen, {});
		return !next.rows.empty();
	}
	idx_t Total() const override {
		return total;
	}

private:
	ArgumentChunk chosen;
	idx_t total;
};

//! Calls that failed give NULL, if the function is declared so; else the query fails.
void Settle(const PythonFunction &function, const std::vector<CallFailure> &failures, Results &results) {
	for (auto &failure : failures) {
		if (!function.null_on_error) {
			throw InvalidInputException("function %s failed for (%s): %s", function.name, failure.input, failure.error);
		}
		results.emplace(failure.fingerprint, Value(function.result));
	}
}

//! Calls the function for these argument tuples and memoizes what it returns.
Results CallFor(InlineState &state, const Arguments &arguments, const FingerprintSet &fingerprints) {
	auto collector = std::make_unique<ResultCollector>(state.function->result);
	auto &results = collector->results;
	Calls calls(state.function, std::make_unique<Chosen>(arguments, fingerprints), std::move(collector),
	            [&] { CheckCancelled(state.context); });
	auto keep = [&] {
		Store(state, results);
		if (state.run) {
			state.run->Add(state.function->name, calls.count);
		}
	};
	try {
		WithPython([&] {
			auto evaluate = nb::module_::import_("cocosql.executors").attr("evaluate_inline");
			evaluate(state.function->id, nb::cast(&calls, nb::rv_policy::reference));
		});
	} catch (...) {
		keep();
		throw;
	}
	keep();
	Settle(*state.function, calls.TakeFailures(), results);
	return std::move(results);
}

struct Claim {
	Claim(CallsInFlight &in_flight, const FingerprintSet &wanted)
	    : in_flight(in_flight), fingerprints(in_flight.Claim(wanted)) {
	}
	~Claim() {
		in_flight.Release(fingerprints);
	}
	CallsInFlight &in_flight;
	const FingerprintSet fingerprints;
};

//! One call an argument tuple, over all threads: what another thread works on is awaited and read from the memo.
void Resolve(InlineState &state, const Arguments &arguments, Results &results) {
	auto &in_flight = state.function->in_flight;
	auto missing = Missing(arguments.Distinct(), results);
	if (!state.function->memo && !missing.empty()) {
		results.merge(CallFor(state, arguments, missing));
		return;
	}
	while (!missing.empty()) {
		{
			Claim claim(in_flight, missing);
			results.merge(state.memo.Read(claim.fingerprints));
			auto own = Missing(claim.fingerprints, results);
			if (!own.empty()) {
				results.merge(CallFor(state, arguments, own));
			}
		}
		missing = Missing(missing, results);
		in_flight.Await(missing);
		results.merge(state.memo.Read(missing));
		missing = Missing(missing, results);
	}
}

void Execute(DataChunk &chunk, ExpressionState &expression_state, Vector &result) {
	auto &state = ExecuteFunctionState::GetFunctionState(expression_state)->Cast<InlineState>();
	Arguments arguments(chunk, *state.function);
	auto results = state.memo.Read(arguments.Distinct());
	Resolve(state, arguments, results);
	result.SetVectorType(VectorType::FLAT_VECTOR);
	for (idx_t row = 0; row < chunk.size(); row++) {
		auto entry = results.find(arguments.Fingerprint(row));
		auto called = entry != results.end() && arguments.WantsCall(row, *state.function);
		result.SetValue(row, called ? entry->second : Value(state.function->result));
	}
	FlatVector::SetSize(result, chunk.size());
}

unique_ptr<FunctionLocalState> InitState(ExpressionState &state, const BoundFunctionExpression &expression,
                                         FunctionData *) {
	auto &info = expression.Function().GetExtraFunctionInfo().Cast<InlineInfo>();
	return make_uniq<InlineState>(state.GetContext(), info.function);
}

} // namespace

ScalarFunction InlineFunction(shared_ptr<PythonFunction> function) {
	// Volatile, so that planning never folds a call.
	ScalarFunction scalar(Identifier(function->name), function->parameters, function->result, Execute, nullptr, nullptr,
	                      InitState, LogicalType(LogicalTypeId::INVALID), FunctionStability::VOLATILE,
	                      FunctionNullHandling::SPECIAL_HANDLING);
	scalar.SetFallible();
	scalar.SetCollationHandling(FunctionCollationHandling::IGNORE_COLLATIONS);
	scalar.SetExtraFunctionInfo<InlineInfo>(std::move(function));
	return scalar;
}

} // namespace cocosql
