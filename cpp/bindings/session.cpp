#include "bindings/session.hpp"

#include "algebra/algebra.hpp"
#include "calls/harvest.hpp"
#include "capture/key_log.hpp"
#include "capture/key_log_entries.hpp"
#include "capture/row_group_memory.hpp"
#include "catalog/catalog.hpp"
#include "duckdb/common/types/uuid.hpp"
#include "functions/function_registry.hpp"
#include "python/errors.hpp"
#include "rows/append.hpp"
#include "rows/collected.hpp"
#include "rows/delete.hpp"
#include "rows/difference.hpp"
#include "rows/find.hpp"
#include "rows/given.hpp"
#include "rows/unequal.hpp"
#include "rows/update.hpp"
#include "session/asked.hpp"
#include "session/client.hpp"
#include "session/looking.hpp"
#include "session/parameters.hpp"
#include "values/tuples.hpp"

#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/set.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

namespace cocosql {

using namespace duckdb;

namespace {

nb::list ToTuples(const ColumnDataCollection &collection) {
	nb::list rows;
	for (auto &chunk : collection.Chunks()) {
		AppendTuples(rows, chunk);
	}
	return rows;
}

nb::tuple ReadNewRecords(Session &session, const std::string &database, const std::vector<TableColumns> &tables,
                         const std::vector<nb::bytes> &known) {
	FingerprintSet fingerprints;
	for (auto &one : known) {
		uhugeint_t fingerprint;
		if (one.size() != sizeof(fingerprint)) {
			throw nb::value_error("a fingerprint has 16 bytes");
		}
		std::memcpy(&fingerprint, one.data(), sizeof(fingerprint));
		fingerprints.insert(fingerprint);
	}
	auto found = WithoutPython([&] { return NewRecords(session, database, tables, fingerprints); });
	nb::list present;
	for (auto &[number, fingerprint] : found.fingerprints) {
		present.append(nb::make_tuple(number, nb::bytes(&fingerprint, sizeof(fingerprint))));
	}
	nb::list rows;
	for (auto &collection : found.rows) {
		rows.append(ToTuples(*collection));
	}
	return nb::make_tuple(present, rows);
}

nb::list ReadTable(Session &session, const std::string &database, const std::string &table,
                   const std::vector<std::string> &columns, std::optional<int64_t> number) {
	auto rows = WithoutPython([&] { return TableRows(session, database, {table, columns}, number); });
	return ToTuples(*rows);
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

idx_t Update(Session &session, const std::string &database, const std::string &table, const std::string &column,
             int64_t value, const nb::dict &changes) {
	std::vector<std::string> columns;
	std::vector<Value> values;
	for (auto [changed, given] : changes) {
		columns.push_back(nb::cast<std::string>(changed));
		values.push_back(InferValue(given));
	}
	return WithoutPython([&] { return UpdateRecords(session, database, table, column, value, columns, values); });
}

Difference Differ(Session &session, const std::string &past, const std::string &fresh, const Sameness::Columns &exact,
                  const Sameness::Columns &content, const Sameness::Columns &key, const std::string &number,
                  int64_t next, const std::string &prefix) {
	return WithoutPython(
	    [&] { return FindDifference(session, past, fresh, {exact, content, key}, number, next, prefix); });
}

//! Null if it is no table of DuckDB's own.
std::unique_ptr<RowGroups> LookAtRowGroups(Session &session, const std::string &database, const std::string &schema,
                                           const std::string &table, const std::vector<std::string> &columns) {
	auto &context = *session.connection.context;
	return WithoutPython([&] { return RowGroups::Look(context, database, schema, table, columns); });
}

std::unique_ptr<CheckpointHold> Hold(Session &session, const std::vector<std::string> &databases) {
	return WithoutPython([&] { return std::make_unique<CheckpointHold>(session, databases); });
}

//! The registered functions: name to number in cocosql.udf.
nb::dict Functions(Session &session) {
	nb::dict numbers;
	for (auto &function : FunctionRegistry::Get(*session.connection.context).All()) {
		numbers[function->name.c_str()] = function->id;
	}
	return numbers;
}

//! A look-up as Python calls it.
template <class RESULT, class... ARGUMENTS>
auto Released(RESULT (*look_up)(Session &, ARGUMENTS...)) {
	return [look_up](Session &session, ARGUMENTS... arguments) {
		return WithoutPython([&] { return look_up(session, arguments...); });
	};
}

} // namespace

void BindSession(nb::module_ &module) {
	nb::class_<StopEvent>(module, "StopEvent")
	    .def(nb::init<>())
	    .def("set", &StopEvent::Set)
	    .def("is_set", &StopEvent::IsSet);
	nb::class_<Client>(module, "Client").def("session", &Client::Work, nb::arg("stop"));
	nb::class_<Session>(module, "Session")
	    .def("execute", &Session::Execute, nb::arg("sql"), nb::arg("parameters") = nb::list())
	    .def("script", &Session::Script, nb::arg("sql"))
	    .def("begin", &Session::Begin)
	    .def("commit", &Session::Commit)
	    .def_prop_rw(
	        "prepared_as", [](Session &session) { return session.PreparedAs(); },
	        [](Session &session, std::string as) { session.PreparedAs() = std::move(as); })
	    .def("functions", &Functions)
	    .def("row_groups", &LookAtRowGroups, nb::arg("database"), nb::arg("schema"), nb::arg("table"),
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
	    .def("hold_checkpoints", &Hold, nb::arg("databases"))
	    .def("instance", &Session::Instance)
	    .def("use_names", &Session::UseNames, nb::arg("database"), nb::arg("path") = SearchPath())
	    .def("describe", &Session::Describe, nb::arg("sql"), nb::arg("path") = nb::none())
	    .def("is_collated", &Session::IsCollated, nb::arg("sql"))
	    .def("canonical", &Session::Canonical, nb::arg("sql"))
	    .def("algebra", &Algebra, nb::arg("sql"), nb::arg("path") = SearchPath())
	    .def("configure", &Session::Configure, nb::arg("settings"))
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
	    .def("columns", Released(&Columns), nb::arg("database"), nb::arg("schema"), nb::arg("table"))
	    .def("catalog_state", Released(&CatalogState), nb::arg("database"))
	    .def("user_objects", Released(&UserObjects), nb::arg("database"))
	    .def("strange_relations", Released(&StrangeRelations), nb::arg("database"), nb::arg("schema"))
	    .def("relation_names", Released(&RelationNames), nb::arg("database"), nb::arg("schema"))
	    .def("has_schema", Released(&HasSchema), nb::arg("database"), nb::arg("schema"))
	    .def("function_kinds", Released(&FunctionKinds), nb::arg("names"))
	    .def("rows", &ReadTable, nb::arg("database"), nb::arg("table"), nb::arg("columns"),
	         nb::arg("number") = nb::none())
	    .def("new_records", &ReadNewRecords, nb::arg("database"), nb::arg("tables"), nb::arg("known"))
	    .def("stored_rows", Released(&StoredRows), nb::arg("database"), nb::arg("schema"), nb::arg("table"))
	    .def("count_rows", Released(&CountRows), nb::arg("database"), nb::arg("table"))
	    .def("next_id", Released(&NextId), nb::arg("database"), nb::arg("sequence") = "ids")
	    .def("passing_id", Released(&PassingId), nb::arg("database"), nb::arg("sequence"))
	    .def(
	        "keep_ids",
	        [](Session &session, const std::string &database, const std::string &sequence) {
		        WithoutPython([&] { KeepIds(session, database, sequence); });
	        },
	        nb::arg("database"), nb::arg("sequence"))
	    .def("append_records", &Append, nb::arg("database"), nb::arg("table"), nb::arg("columns"), nb::arg("records"))
	    .def("update_records", &Update, nb::arg("database"), nb::arg("table"), nb::arg("column"), nb::arg("value"),
	         nb::arg("changes"))
	    .def("delete_records", Released(&DeleteRecords), nb::arg("database"), nb::arg("table"), nb::arg("wanted"))
	    .def(
	        "log_is_over",
	        [](Session &session, const std::string &database, const std::string &log) {
		        return WithoutPython([&] {
			        return LookUp(session, [&](ClientContext &context) {
				        return KeyLogs::Get(context).IsOver(context, database, log);
			        });
		        });
	        },
	        nb::arg("database"), nb::arg("log"))
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
	    .def("count_entries", Released(&CountEntries), nb::arg("database"), nb::arg("log"))
	    .def("log_writers", Released(&CountWriters), nb::arg("database"), nb::arg("log"))
	    .def("earliest_transaction", Released(&EarliestTransaction), nb::arg("database"), nb::arg("log"))
	    .def("transaction_began", Released(&TransactionBegan), nb::arg("database"))
	    .def("may_repeat_keys", Released(&MayRepeatKeys), nb::arg("database"), nb::arg("log"))
	    .def("clear_entries", Released(&ClearEntries), nb::arg("database"), nb::arg("log"))
	    .def("delete_rows", Released(&DeleteRows), nb::arg("database"), nb::arg("table"), nb::arg("row_ids"))
	    .def("collect", Released(&Collect), nb::arg("name"), nb::arg("sql"))
	    .def("give", &Give, nb::arg("name"), nb::arg("number"))
	    .def("forget_collected", Released(&ForgetCollected))
	    .def("lay_aside", Released(&LayAside), nb::arg("name"), nb::arg("key"))
	    .def("take_up", Released(&TakeUp), nb::arg("name"), nb::arg("key"))
	    .def("forget_names", Released(&ForgetNames))
	    .def("append_rows", Released(&AppendQuery), nb::arg("database"), nb::arg("table"), nb::arg("rows"),
	         nb::arg("values"))
	    .def("update_rows", Released(&UpdateQuery), nb::arg("database"), nb::arg("table"), nb::arg("rows"))
	    .def("find_rows", Released(&FindRows), nb::arg("name"), nb::arg("database"), nb::arg("table"),
	         nb::arg("columns"), nb::arg("among"), nb::arg("most"), nb::arg("is_large"))
	    .def("difference", &Differ, nb::arg("past"), nb::arg("fresh"), nb::kw_only(), nb::arg("exact").none(),
	         nb::arg("content").none(), nb::arg("key").none(), nb::arg("number"), nb::arg("next"), nb::arg("prefix"))
	    .def("keep_unequal", Released(&KeepUnequal), nb::arg("past"), nb::arg("fresh"), nb::arg("columns"),
	         nb::arg("prefix"))
	    .def("sibling", &Session::Sibling)
	    .def("for_views", &Session::ForViews)
	    .def("begin_run", &Session::BeginRun, nb::arg("run_id"), nb::arg("holder"))
	    .def("recall", &Session::Recall, nb::arg("since"))
	    .def("refuse_calls", &Session::RefuseCalls, nb::arg("refuse"))
	    .def("refused_call", &Session::RefusedCall)
	    .def("calls", &Session::MadeCalls)
	    .def("check_interrupt", [](Session &session) { WithoutPython([&] { session.CheckInterrupt(); }); })
	    .def("harvest", &RunHarvest, nb::arg("sql"))
	    .def("harvested_calls", &HarvestedCalls, nb::arg("function"), nb::arg("harvest"), nb::arg("memo"),
	         nb::arg("since"), nb::keep_alive<0, 1>(), nb::keep_alive<0, 3>())
	    .def("add_calls", [](Session &session, const Calls &calls) { session.run->Add(calls.Name(), calls.count); });
}

} // namespace cocosql
