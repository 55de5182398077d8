#include "calls/inline_call.hpp"

#include "duckdb/cancellation.hpp"
#include "calls/calls.hpp"
#include "duckdb/execution/expression_executor_state.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "fingerprint/fingerprint.hpp"
#include "functions/consistent_calls.hpp"
#include "functions/function_registry.hpp"
#include "memo/memo_reader.hpp"
#include "memo/memo_writer.hpp"
#include "python/errors.hpp"
#include "session/kept_plans.hpp"
#include "session/looking.hpp"
#include "session/session.hpp"

#include <algorithm>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <optional>

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
	    : context(context), function(std::move(function_p)), run(RunState::Of(context)) {
	}
	//! Made at its first use: most results are looked up by a join before the call, so that often no row comes here.
	MemoReader &Memo() {
		if (!memo) {
			memo.emplace(context, *function);
		}
		return *memo;
	}
	ClientContext &context;
	shared_ptr<PythonFunction> function;
	//! The first run whose results count.
	int64_t Since() const {
		return run ? run->since.load() : 0;
	}
	shared_ptr<RunState> run;

private:
	std::optional<MemoReader> memo;
};

//! The argument tuples of a chunk: their fingerprints, and a row where each stands.
struct Arguments {
	Arguments(DataChunk &chunk, const PythonFunction &function)
	    : chunk(chunk), fingerprints(LogicalType::UHUGEINT, chunk.size()), wanted(chunk.size(), nullptr) {
		FingerprintRows(chunk, fingerprints);
		fingerprints.Flatten();
		auto found = FlatVector::GetData<uhugeint_t>(fingerprints);
		auto nulls = FindNulls(function);
		for (idx_t row = 0; row < chunk.size(); row++) {
			if (!nulls[row]) {
				wanted[row] = &found[row];
			}
		}
	}

	//! Fills `rows`.
	void Index() {
		for (idx_t row = 0; row < wanted.size(); row++) {
			if (wanted[row]) {
				rows.emplace(*wanted[row], row);
			}
		}
	}

	//! The rows with a NULL that the function does not take.
	std::vector<bool> FindNulls(const PythonFunction &function) const {
		std::vector<bool> nulls(chunk.size(), false);
		for (idx_t i = 0; i < chunk.ColumnCount(); i++) {
			UnifiedVectorFormat format;
			chunk.data[i].ToUnifiedFormat(format);
			if (function.takes_null[i] || !format.validity.CanHaveNull()) {
				continue;
			}
			for (idx_t row = 0; row < chunk.size(); row++) {
				nulls[row] = nulls[row] || !format.validity.RowIsValid(format.sel->get_index(row));
			}
		}
		return nulls;
	}

	//! Those that have no result.
	FingerprintSet Missing(const Results &results) const {
		FingerprintSet missing;
		for (auto &entry : rows) {
			if (!results.Contains(entry.first)) {
				missing.insert(entry.first);
			}
		}
		return missing;
	}

	DataChunk &chunk;
	Vector fingerprints;
	//! By row; null where the function is not called.
	std::vector<const uhugeint_t *> wanted;
	//! By fingerprint, a row where it stands.
	std::unordered_map<uhugeint_t, idx_t, FingerprintHash> rows;
};

std::string Database(ClientContext &context) {
	return DatabaseManager::GetDefaultDatabase(context).GetIdentifierName();
}

//! The name of the memo table as SQL, which is made if there is none yet.
const std::string &MemoTable(InlineState &state) {
	if (state.Memo().Table().empty()) {
		state.Memo().SetTable(WithPython([&] {
			auto make = nb::module_::import_("cocosql.catalog.functions").attr("make_memo");
			auto session = std::make_unique<Session>(state.context);
			return nb::cast<std::string>(make(std::move(session), state.function->id, Database(state.context)));
		}));
	}
	return state.Memo().Table();
}

//! Keeps results in memory, and memoizes them as they come.
class ResultCollector : public ResultSink {
public:
	ResultCollector(InlineState &state, Results &results) : state(state), results(results) {
	}
	void Add(uhugeint_t fingerprint, nb::handle result) override {
		auto begin = results.Size();
		results.Add(fingerprint, result);
		if (!state.Memo().TakesResults()) {
			return;
		}
		if (!writer) {
			writer = WithoutPython([&] { return MakeWriter(); });
		}
		writer->AddResults(results, begin);
	}
	void AddRows(const uhugeint_t *fingerprints, Vector &rows, idx_t count) override {
		results.Append(fingerprints, rows, count);
		if (!state.Memo().TakesResults()) {
			return;
		}
		if (!writer) {
			writer = MakeWriter();
		}
		writer->AddRows(fingerprints, rows, count);
	}
	void FlushIfDue(bool due) override {
		if (writer) {
			writer->FlushIfDue(due);
		}
	}

private:
	unique_ptr<MemoWriter> MakeWriter() {
		auto run_id = state.run ? state.run->run_id : 0;
		auto since = state.Since();
		auto &database = DatabaseInstance::GetDatabase(state.context);
		return make_uniq<MemoWriter>(database, MemoTable(state), state.function->result, run_id, since);
	}

	InlineState &state;
	Results &results;
	unique_ptr<MemoWriter> writer;
};

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
		std::sort(chosen.rows.begin(), chosen.rows.end(),
		          [](auto &left, auto &right) { return left.first < right.first; });
		chosen.size = arguments.chunk.size();
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

//! Calls that failed give NULL, if the function is declared so, or what an earlier run had; else the query fails.
void Settle(InlineState &state, const std::vector<CallFailure> &failures, Results &results) {
	auto &function = *state.function;
	FingerprintSet failed;
	for (auto &failure : failures) {
		if (!function.null_on_error) {
			throw InvalidInputException("function %s failed for (%s): %s", function.name, failure.input, failure.error);
		}
		failed.insert(failure.fingerprint);
	}
	if (state.Since() > 0) {
		state.Memo().Read(failed, results, 0);
	}
	for (auto &fingerprint : failed) {
		if (!results.Contains(fingerprint)) {
			results.AddNull(fingerprint);
		}
	}
}

void CheckStopped(InlineState &state) {
	CheckCancelled(state.context);
	if (state.run) {
		state.run->cancellation->Check();
	}
}

//! Calls the function for these argument tuples and memoizes what it returns.
void CallFor(InlineState &state, const Arguments &arguments, const FingerprintSet &fingerprints, Results &results) {
	auto calls = std::make_unique<Calls>(state.context, state.function, std::make_unique<Chosen>(arguments, fingerprints),
	                                     std::make_unique<ResultCollector>(state, results),
	                                     [&] { CheckStopped(state); },
	                                     state.run && state.run->cancellation->IsBackground());
	std::vector<CallFailure> failures;
	WithPython([&] {
		auto &made = *calls;
		auto object = nb::cast(std::move(calls));
		auto end = [&] {
			failures = made.TakeFailures();
			if (state.run) {
				state.run->Add(state.function->name, made.count);
			}
			made.End();
		};
		try {
			nb::module_::import_("cocosql.executors").attr("evaluate_inline")(
			    state.function->id, object, state.run ? state.run->holder : 0);
		} catch (...) {
			end();
			throw;
		}
		end();
	});
	Settle(state, failures, results);
}

//! Ctrl-C waits for the main thread's next look at it.
void CheckInterrupts(InlineState &state) {
	CheckStopped(state);
	WithPython([] {
		if (PyErr_CheckSignals() != 0) {
			throw nb::python_error();
		}
	});
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
	auto missing = arguments.Missing(results);
	if (!missing.empty() && state.Memo().TakesResults()) {
		MemoTable(state); // where other threads put what they work out
	}
	while (!missing.empty()) {
		{
			Claim claim(in_flight, missing);
			state.Memo().Read(claim.fingerprints, results, state.Since());
			auto own = claim.fingerprints;
			for (auto &fingerprint : claim.fingerprints) {
				if (results.Contains(fingerprint)) {
					own.erase(fingerprint);
				}
			}
			if (!own.empty()) {
				CallFor(state, arguments, own, results);
			}
		}
		missing = arguments.Missing(results);
		in_flight.Await(missing, [&] { CheckInterrupts(state); });
		state.Memo().Read(missing, results, state.Since());
		missing = arguments.Missing(results);
	}
}

//! Where the engine took it that the memo has all results: it is to ask first, after all.
void RefuseIfWanted(const InlineState &state, const Arguments &arguments) {
	auto &wanted = arguments.wanted;
	auto is_wanted = std::any_of(wanted.begin(), wanted.end(), [](const uhugeint_t *one) { return one != nullptr; });
	if (is_wanted && state.function->memo && state.run && state.run->refuses_calls) {
		state.run->refused = true;
		throw InvalidInputException("the memo lacks a result of function %s", state.function->name);
	}
}

void Execute(DataChunk &chunk, ExpressionState &expression_state, Vector &result) {
	auto &state = ExecuteFunctionState::GetFunctionState(expression_state)->Cast<InlineState>();
	Arguments arguments(chunk, *state.function);
	RefuseIfWanted(state, arguments);
	result.SetVectorType(VectorType::FLAT_VECTOR);
	if (state.Since() == 0 && state.Memo().Gather(arguments.wanted, result)) {
		FlatVector::SetSize(result, chunk.size());
		return;
	}
	arguments.Index();
	Results results(state.function->result, arguments.rows.size());
	if (state.function->memo) {
		state.Memo().Read(arguments.Missing(results), results, state.Since());
		Resolve(state, arguments, results);
	} else if (!arguments.rows.empty()) {
		CallFor(state, arguments, arguments.Missing(results), results);
	}
	results.Gather(arguments.wanted, result);
	FlatVector::SetSize(result, chunk.size());
}

//! The function with its present code, if that is not what was registered.
shared_ptr<PythonFunction> FindPresent(ClientContext &context, const PythonFunction &function) {
	auto module = [] {
		return nb::module_::import_("cocosql.udf");
	};
	auto version = WithPython([&] { return nb::cast<std::string>(module().attr("present_version")(function.id)); });
	if (version == function.code_version) {
		return nullptr;
	}
	auto &registry = FunctionRegistry::Get(context);
	auto registered = registry.Find(function.name);
	if (registered->code_version != version) {
		registered = WithPython([&] {
			auto id = nb::cast<int64_t>(module().attr("remember_present")(function.id));
			auto description = module().attr("describe")(id);
			return make_shared_ptr<PythonFunction>(DatabaseInstance::GetDatabase(context), id, description);
		});
		registry.Put(registered);
	}
	return registered;
}

//! What the function reads may have changed since it was registered: a query calls it as it is now.
unique_ptr<FunctionData> Bind(BindScalarFunctionInput &input) {
	auto &bound = input.GetBoundFunction();
	auto present =
	    FindPresent(input.GetClientContext(), *bound.GetExtraFunctionInfo().Cast<InlineInfo>().function);
	if (present) {
		bound.SetExtraFunctionInfo<InlineInfo>(std::move(present));
	}
	auto function = bound.GetExtraFunctionInfo().Cast<InlineInfo>().function;
	// A refresh, whose plans are kept, sees by itself whether the code is the present one: then it is registered.
	UsePlanWhile(input.GetClientContext(), [function](ClientContext &later) {
		return FunctionRegistry::Get(later).Find(function->name) == function;
	});
	if (ConsistentCalls::AreAssumed(input.GetClientContext())) {
		bound.SetStability(FunctionStability::CONSISTENT_WITHIN_QUERY);
	}
	return nullptr;
}

unique_ptr<FunctionLocalState> InitState(ExpressionState &state, const BoundFunctionExpression &expression,
                                         FunctionData *) {
	auto &info = expression.Function().GetExtraFunctionInfo().Cast<InlineInfo>();
	if (OnlyLooks(state.GetContext())) {
		throw PermissionException("it would call %s", info.function->name);
	}
	return make_uniq<InlineState>(state.GetContext(), info.function);
}

} // namespace

ScalarFunction InlineFunction(shared_ptr<PythonFunction> function) {
	// Volatile, so that planning never folds a call.
	ScalarFunction scalar(Identifier(function->name), function->parameters, function->result, Execute, Bind, nullptr,
	                      InitState, LogicalType(LogicalTypeId::INVALID), FunctionStability::VOLATILE,
	                      FunctionNullHandling::SPECIAL_HANDLING);
	for (idx_t i = 0; i < function->parameter_names.size(); i++) {
		scalar.GetSignature().GetParameter(i).SetName(Identifier(function->parameter_names[i]));
	}
	scalar.SetFallible();
	scalar.SetCollationHandling(FunctionCollationHandling::IGNORE_COLLATIONS);
	scalar.SetExtraFunctionInfo<InlineInfo>(std::move(function));
	return scalar;
}

} // namespace cocosql
