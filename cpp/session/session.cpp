#include "session/session.hpp"

#include "algebra/algebra.hpp"
#include "calls/harvest.hpp"
#include "calls/python_function.hpp"
#include "capture/key_log.hpp"
#include "capture/row_group_memory.hpp"
#include "catalog/catalog.hpp"
#include "duckdb/common/type_visitor.hpp"
#include "duckdb/common/types/uuid.hpp"
#include "duckdb/execution/operator/helper/physical_set.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/query_result_stream.hpp"
#include "duckdb/main/result_format.hpp"
#include "duckdb/parser/parser.hpp"
#include "python/errors.hpp"
#include "rows/collected.hpp"
#include "rows/delete.hpp"
#include "rows/difference.hpp"
#include "session/asked.hpp"
#include "session/instance_number.hpp"
#include "session/looking.hpp"
#include "session/parameters.hpp"
#include "values/values.hpp"

#include <chrono>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/set.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

namespace cocosql {

using namespace duckdb;

namespace {

constexpr std::chrono::milliseconds SIGNAL_INTERVAL {100};

//! Looks at interrupts from time to time.
class Watch {
public:
	explicit Watch(Session &session) : session(session) {
	}
	void Look() {
		if (std::chrono::steady_clock::now() - last > SIGNAL_INTERVAL) {
			session.CheckInterrupt();
			last = std::chrono::steady_clock::now();
		}
	}

private:
	Session &session;
	std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
};

//! Runs one task of a query; returns whether the query goes on.
template <class RESULT>
bool RunTask(RESULT &result) {
	auto state = result.ExecuteTask();
	if (state == QueryResultState::BLOCKED || state == QueryResultState::NO_TASKS_AVAILABLE) {
		result.WaitForTask();
	}
	return !IsTerminal(state);
}

void AppendTuples(nb::list &rows, const DataChunk &chunk) {
	std::vector<PythonReader> columns;
	for (auto &column : chunk.data) {
		columns.emplace_back(column);
	}
	for (idx_t row = 0; row < chunk.size(); row++) {
		auto tuple = nb::steal<nb::tuple>(PyTuple_New(NumericCast<Py_ssize_t>(columns.size())));
		for (idx_t i = 0; i < columns.size(); i++) {
			PyTuple_SET_ITEM(tuple.ptr(), NumericCast<Py_ssize_t>(i), columns[i][row].release().ptr());
		}
		rows.append(tuple);
	}
}

nb::list ToTuples(QueryResult &result) {
	nb::list rows;
	while (auto chunk = WithoutPython([&] { return result.Fetch(); })) {
		AppendTuples(rows, *chunk);
	}
	return rows;
}

nb::list ToTuples(const ColumnDataCollection &collection) {
	nb::list rows;
	for (auto &chunk : collection.Chunks()) {
		AppendTuples(rows, chunk);
	}
	return rows;
}

nb::list ReadTables(Session &session, const std::string &database, const std::vector<TableColumns> &tables) {
	auto collections = WithoutPython([&] { return TableRows(session, database, tables); });
	nb::list found;
	for (auto &collection : collections) {
		found.append(ToTuples(*collection));
	}
	return found;
}

nb::list ReadTable(Session &session, const std::string &database, const std::string &table,
                   const std::vector<std::string> &columns) {
	auto collections = WithoutPython([&] { return TableRows(session, database, {{table, columns}}); });
	return ToTuples(*collections[0]);
}

idx_t Append(Session &session, const std::string &database, const std::string &table,
             const std::vector<std::string> &columns, const nb::list &records) {
	std::vector<std::vector<Value>> rows;
	for (auto record : records) {
		auto &row = rows.emplace_back();
		for (auto value : record) {
			row.push_back(InferValue(value));
		}
	}
	return WithoutPython([&] { return AppendRecords(session, database, table, columns, rows); });
}

} // namespace

Session::Session(ClientContext &caller)
    : connection(EngineConnection(DatabaseInstance::GetDatabase(caller))), caller(caller.shared_from_this()) {
}

void Session::CheckInterrupt() {
	auto context = caller.lock();
	if (!context || context->IsInterrupted()) {
		throw InterruptException();
	}
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
	return Drive(connection.Submit(sql, ChunkFormat::BufferManaged()));
}

unique_ptr<QueryResult> Session::Drive(unique_ptr<QueryResult> result) {
	if (!result->HasError()) {
		result->Materialize();
		Watch watch(*this);
		while (RunTask(*result)) {
			watch.Look();
		}
	}
	result->ThrowIfError();
	return result;
}

void Session::Stream(const std::string &sql,
                     const std::function<void(const vector<Identifier> &, const vector<LogicalType> &)> &begin,
                     const std::function<void(DataChunk &)> &visit) {
	auto result = connection.Submit(sql);
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

std::unique_ptr<RowGroups> Session::LookAtRowGroups(const std::string &database, const std::string &schema,
                                                    const std::string &table, const std::vector<std::string> &columns) {
	return WithoutPython([&] { return RowGroups::Look(*connection.context, database, schema, table, columns); });
}

std::unique_ptr<CheckpointHold> Session::HoldCheckpoints(const std::vector<std::string> &databases) {
	return WithoutPython([&] { return std::make_unique<CheckpointHold>(*this, databases); });
}

nb::dict Session::Functions() {
	nb::dict numbers;
	for (auto &function : FunctionRegistry::Get(*connection.context).All()) {
		numbers[function->name.c_str()] = function->id;
	}
	return numbers;
}

void Session::Configure(const std::string &setting, const std::string &value) {
	WithoutPython([&] {
		auto &context = *connection.context;
		Value present;
		if (context.TryGetCurrentSetting(Identifier(setting), present) && present.ToString() != value) {
			context.RunFunctionInTransaction(
			    [&] { PhysicalSet::SetVariable(context, Identifier(setting), SetScope::SESSION, Value(value)); });
		}
	});
}

uint64_t Session::Instance() const {
	return InstanceNumber(*connection.context);
}

void Session::UseNames(const std::string &database, const SearchPath &path) {
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
	run = RunState::Start(*connection.context, run_id, holder);
}

void Session::Recall(int64_t since) {
	if (run) {
		run->since = since;
	}
}

nb::dict Session::MadeCalls() const {
	nb::dict calls;
	for (auto &entry : run->Calls()) {
		calls[entry.first.c_str()] = nb::make_tuple(entry.second.count, entry.second.seconds);
	}
	return calls;
}

std::unique_ptr<Session> Session::Sibling() const {
	auto context = caller.lock();
	if (!context) {
		throw std::runtime_error("the statement that this session served has ended");
	}
	return std::make_unique<Session>(*context);
}

namespace {

//! A look-up as Python calls it.
template <class RESULT, class... ARGUMENTS>
auto Released(RESULT (*look_up)(Session &, ARGUMENTS...)) {
	return [look_up](Session &session, ARGUMENTS... arguments) {
		return WithoutPython([&] { return look_up(session, arguments...); });
	};
}

} // namespace

void BindSession(nb::module_ &module) {
	nb::class_<Session>(module, "Session")
	    .def("execute", &Session::Execute, nb::arg("sql"), nb::arg("parameters") = nb::list())
	    .def("script", &Session::Script, nb::arg("sql"))
	    .def("functions", &Session::Functions)
	    .def("row_groups", &Session::LookAtRowGroups, nb::arg("database"), nb::arg("schema"), nb::arg("table"),
	         nb::arg("columns"))
	    .def(
	        "remember_row_groups",
	        [](Session &session, const std::string &key, int64_t generation, const RowGroups &row_groups) {
		        RowGroupMemory::Get(*session.connection.context).Put(key, generation, row_groups);
	        },
	        nb::arg("key"), nb::arg("generation"), nb::arg("row_groups"))
	    .def(
	        "remembered_row_groups",
	        [](Session &session, const std::string &key, int64_t generation) {
		        return RowGroupMemory::Get(*session.connection.context).Find(key, generation);
	        },
	        nb::arg("key"), nb::arg("generation"))
	    .def("hold_checkpoints", &Session::HoldCheckpoints, nb::arg("databases"))
	    .def("instance", &Session::Instance)
	    .def("use_names", &Session::UseNames, nb::arg("database"), nb::arg("path") = SearchPath())
	    .def("describe", &Session::Describe, nb::arg("sql"), nb::arg("path") = nb::none())
	    .def("is_collated", &Session::IsCollated, nb::arg("sql"))
	    .def("canonical", &Session::Canonical, nb::arg("sql"))
	    .def("algebra", &Algebra, nb::arg("sql"), nb::arg("path") = SearchPath())
	    .def("configure", &Session::Configure, nb::arg("setting"), nb::arg("value"))
	    .def("only_look", [](Session &session) { OnlyLook(*session.connection.context); })
	    .def_prop_ro("only_looks",
	                 [](Session &session) { return OnlyLooks(*session.connection.context); })
	    .def(
	        "ask", [](Session &session, const std::string &what) { Asked::Get(*session.connection.context).Add(what); },
	        nb::arg("what"))
	    .def(
	        "is_asked",
	        [](Session &session, const std::string &what) { return Asked::Get(*session.connection.context).Has(what); },
	        nb::arg("what"))
	    .def("databases", Released(&Databases))
	    .def("relation", Released(&FindRelation), nb::arg("database"), nb::arg("schema"), nb::arg("name"))
	    .def("strange_relations", Released(&StrangeRelations), nb::arg("database"), nb::arg("schema"))
	    .def("has_schema", Released(&HasSchema), nb::arg("database"), nb::arg("schema"))
	    .def("function_kinds", Released(&FunctionKinds), nb::arg("names"))
	    .def("rows", &ReadTable, nb::arg("database"), nb::arg("table"), nb::arg("columns"))
	    .def("tables", &ReadTables, nb::arg("database"), nb::arg("tables"))
	    .def("stored_rows", Released(&StoredRows), nb::arg("database"), nb::arg("schema"), nb::arg("table"))
	    .def("next_id", Released(&NextId), nb::arg("database"), nb::arg("sequence") = "ids")
	    .def("append_records", &Append, nb::arg("database"), nb::arg("table"), nb::arg("columns"), nb::arg("records"))
	    .def("delete_records", Released(&DeleteRecords), nb::arg("database"), nb::arg("table"), nb::arg("column"),
	         nb::arg("value"))
	    .def(
	        "log_state",
	        [](Session &session, const std::string &database, const std::string &log, const std::string &activation) {
		        return WithoutPython([&] {
			        return LookUp(session, [&](ClientContext &context) {
				        return KeyLogs::Get(context).State(context, database, log, UUID::FromString(activation));
			        });
		        });
	        },
	        nb::arg("database"), nb::arg("log"), nb::arg("activation"))
	    .def("delete_rows", Released(&DeleteRows), nb::arg("database"), nb::arg("table"), nb::arg("row_ids"))
	    .def("collect", Released(&Collect), nb::arg("name"), nb::arg("sql"))
	    .def("forget_collected", Released(&ForgetCollected))
	    .def("difference", Released(&FindDifference), nb::arg("past"), nb::arg("fresh"), nb::arg("prefix"))
	    .def("sibling", &Session::Sibling)
	    .def("begin_run", &Session::BeginRun, nb::arg("run_id"), nb::arg("holder"))
	    .def("recall", &Session::Recall, nb::arg("since"))
	    .def("calls", &Session::MadeCalls)
	    .def("check_interrupt", [](Session &session) { WithoutPython([&] { session.CheckInterrupt(); }); })
	    .def("harvest", &RunHarvest, nb::arg("sql"))
	    .def("harvested_calls", &HarvestedCalls, nb::arg("function"), nb::arg("harvest"), nb::arg("memo"),
	         nb::arg("since"), nb::keep_alive<0, 1>(), nb::keep_alive<0, 3>())
	    .def("add_calls", [](Session &session, const Calls &calls) { session.run->Add(calls.Name(), calls.count); });
}

} // namespace cocosql
