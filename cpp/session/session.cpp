#include "session/session.hpp"

#include "duckdb/common/type_visitor.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/query_result_stream.hpp"
#include "duckdb/main/result_format.hpp"
#include "duckdb/main/valid_checker.hpp"
#include "duckdb/parser/parsed_data/transaction_info.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/settings.hpp"
#include "python/errors.hpp"
#include "session/instance_number.hpp"
#include "session/parameters.hpp"
#include "session/watch.hpp"
#include "values/tuples.hpp"

#include <nanobind/stl/string.h>

namespace cocosql {

using namespace duckdb;

namespace {

//! Runs one task of a query; returns whether the query goes on.
template <class RESULT>
bool RunTask(RESULT &result) {
	auto state = result.ExecuteTask();
	if (state == QueryResultState::BLOCKED || state == QueryResultState::NO_TASKS_AVAILABLE) {
		result.WaitForTask();
	}
	return !IsTerminal(state);
}

nb::list ToTuples(QueryResult &result) {
	nb::list rows;
	while (auto chunk = WithoutPython([&] { return result.Fetch(); })) {
		AppendTuples(rows, *chunk);
	}
	return rows;
}

} // namespace

Session::Session(std::unique_ptr<KeptConnection> kept_p, std::shared_ptr<Cancellation> cancellation,
                 shared_ptr<IdleConnections> idle)
    : kept(std::move(kept_p)), idle(std::move(idle)), connection(kept->connection),
      cancellation(std::move(cancellation)) {
	this->cancellation->Join(*connection.context);
}

Session::Session(DatabaseInstance &instance, std::shared_ptr<Cancellation> cancellation,
                 shared_ptr<IdleConnections> idle)
    : Session(std::make_unique<KeptConnection>(instance), std::move(cancellation), std::move(idle)) {
}

Session::Session(ClientContext &caller)
    : Session(DatabaseInstance::GetDatabase(caller), CancelledByInterrupt(caller), IdleConnections::Of(caller)) {
}

Session::~Session() {
	cancellation->Leave(*connection.context);
	IdleConnections::GiveBack(std::move(kept));
}

void Session::CheckInterrupt() {
	cancellation->Check();
	WithPython([] {
		if (PyErr_CheckSignals() != 0) {
			throw nb::python_error();
		}
	});
}

unique_ptr<QueryResult> Session::Run(const std::string &sql, vector<Value> parameters) {
	return Drive(parameters.empty() ? connection.Submit(sql) : connection.Submit(sql, parameters));
}

unique_ptr<QueryResult> Session::RunLarge(const std::string &sql) {
	return Drive(Submit(sql, ChunkFormat::BufferManaged()));
}

unique_ptr<QueryResult> Session::Submit(const std::string &sql, shared_ptr<ResultFormat> format) {
	QueryParameters parameters(std::move(format));
	if (auto statement = kept->plans.Find(connection, sql)) {
		vector<Value> none;
		return statement->Submit(none, parameters);
	}
	return connection.Submit(sql, parameters);
}

unique_ptr<QueryResult> Session::Drive(unique_ptr<QueryResult> result) {
	if (!result->HasError()) {
		result->Materialize();
		Watch watch(*this);
		while (RunTask(*result)) {
			watch.Look();
		}
	}
	if (result->HasError() && result->GetErrorType() == ExceptionType::INTERRUPT) {
		CheckInterrupt(); // says why
	}
	result->ThrowIfError();
	return result;
}

void Session::Stream(const std::string &sql,
                     const std::function<void(const vector<Identifier> &, const vector<LogicalType> &)> &begin,
                     const std::function<void(DataChunk &)> &visit) {
	auto result = Submit(sql, nullptr);
	result->ThrowIfError();
	QueryResultStream<> stream(std::move(result));
	begin(stream.GetNames(), stream.GetTypes());
	Watch watch(*this);
	unique_ptr<DataChunk> chunk;
	while (true) {
		auto state = stream.TryFetch(chunk);
		if (chunk) {
			visit(*chunk);
		} else if (IsTerminal(state)) {
			break;
		} else {
			RunTask(stream);
		}
		watch.Look();
	}
	if (stream.HasError()) {
		stream.GetErrorObject().Throw();
	}
}

nb::list Session::Execute(const std::string &sql, const nb::list &parameters) {
	vector<Value> values;
	for (auto parameter : parameters) {
		values.push_back(InferValue(parameter));
	}
	auto result = WithoutPython([&] { return Run(sql, std::move(values)); });
	return ToTuples(*result);
}

void Session::Script(const std::string &sql) {
	WithoutPython([&] {
		for (auto &statement : connection.ExtractStatements(sql)) {
			connection.Query(std::move(statement))->ThrowIfError();
		}
	});
}

void Session::Begin() {
	WithoutPython([&] {
		auto &transaction = connection.context->transaction;
		if (!transaction.IsAutoCommit()) {
			throw TransactionException("cannot start a transaction within a transaction");
		}
		transaction.SetAutoCommit(false);
		transaction.SetInvalidationPolicy(TransactionInvalidationPolicy::STANDARD_POLICY); // as BEGIN does
	});
}

void Session::Commit() {
	WithoutPython([&] {
		auto &context = *connection.context;
		if (ValidChecker::IsInvalidated(context.ActiveTransaction())) {
			throw TransactionException("a statement of this transaction failed: it can only be rolled back");
		}
		context.transaction.Commit();
	});
}

void Session::Configure(const std::vector<std::pair<std::string, std::string>> &settings) {
	kept->prepared_as.clear();
	kept->plans.Clear();
	WithoutPython([&] {
		auto &context = *connection.context;
		for (auto &[setting, value] : settings) {
			Value present;
			if (!context.TryGetCurrentSetting(Identifier(setting), present) || present.ToString() == value) {
				continue;
			}
			try {
				context.RunFunctionInTransaction([&context, &setting = setting, &value = value] {
					SetForContext(context, Identifier(setting), Value(value));
				});
			} catch (const std::exception &error) {
				throw InvalidInputException("setting %s does not take '%s': %s", setting, value,
				                            ErrorData(error).RawMessage());
			}
		}
	});
}

uint64_t Session::Instance() const {
	return InstanceNumber(*connection.context);
}

void Session::UseNames(const std::string &database, const SearchPath &path) {
	kept->prepared_as.clear();
	kept->plans.Clear();
	UseEngineNames(*connection.context, database, path);
}

nb::list Session::Describe(const std::string &sql, const std::optional<SearchPath> &path) {
	auto signature = WithoutPython([&] {
		std::optional<UserNames> user;
		if (path) {
			user.emplace(*connection.context, *path);
		}
		auto statements = connection.ExtractStatements(sql);
		if (statements.size() != 1) {
			throw InvalidInputException("expected one query, got %llu statements", statements.size());
		}
		auto signature = connection.context->BindStatement(std::move(statements[0]));
		if (!signature.parameters.empty()) {
			throw InvalidInputException("parameters (? or $1) cannot be part of a view: write the value");
		}
		return signature;
	});
	nb::list columns;
	for (idx_t i = 0; i < signature.names.size(); i++) {
		columns.append(nb::make_tuple(signature.names[i].GetIdentifierName(), signature.types[i].ToString()));
	}
	return columns;
}

bool Session::IsCollated(const std::string &sql) {
	return WithoutPython([&] {
		auto signature = connection.context->BindStatement(std::move(connection.ExtractStatements(sql).at(0)));
		for (auto &type : signature.types) {
			if (TypeVisitor::Contains(type, [](const LogicalType &part) {
				    return part.id() == LogicalTypeId::VARCHAR && !StringType::GetCollation(part).empty();
			    })) {
				return true;
			}
		}
		return false;
	});
}

std::string Session::Canonical(const std::string &sql) {
	return WithoutPython([&] {
		Parser parser(*connection.context);
		parser.ParseQuery(sql);
		if (parser.statements.size() != 1) {
			throw ParserException("expected one query");
		}
		return parser.statements[0]->ToString();
	});
}

void Session::BeginRun(int64_t run_id, int64_t holder) {
	run = RunState::Start(*connection.context, run_id, holder, cancellation);
}

void Session::Recall(int64_t since) {
	if (run) {
		run->since = since;
	}
}

void Session::RefuseCalls(bool refuse) {
	if (run) {
		run->refuses_calls = refuse;
		run->refused = run->refused && !refuse;
	}
}

bool Session::RefusedCall() const {
	return run && run->refused;
}

nb::dict Session::MadeCalls() const {
	nb::dict calls;
	for (auto &entry : run->Calls()) {
		calls[entry.first.c_str()] = nb::make_tuple(entry.second.count, entry.second.seconds);
	}
	return calls;
}

std::unique_ptr<Session> Session::Sibling() const {
	auto fresh = std::make_unique<KeptConnection>(DatabaseInstance::GetDatabase(*connection.context));
	return std::unique_ptr<Session>(new Session(std::move(fresh), cancellation, idle));
}

std::unique_ptr<Session> Session::ForViews() const {
	auto taken = idle->Take(DatabaseInstance::GetDatabase(*connection.context));
	return std::unique_ptr<Session>(new Session(std::move(taken), cancellation, idle));
}

} // namespace cocosql
