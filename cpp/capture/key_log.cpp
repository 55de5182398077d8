#include "capture/key_log.hpp"

#include "catalog/find_table.hpp"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/common/exception/catalog_exception.hpp"
#include "duckdb/common/types/uuid.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/connection.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/stored_table.hpp"
#include "duckdb/transactions.hpp"
#include "session/names.hpp"
#include "session/nested_connection.hpp"

#include <algorithm>

namespace cocosql {

using namespace duckdb;

namespace {

//! Reading a table once costs less than to follow as many keys as this share of its rows. So many are few in any table.
constexpr idx_t MOST_OF_ROWS = 4;
constexpr idx_t FEW = 10000;

AttachedDatabase &FindDatabase(ClientContext &context, const std::string &name) {
	auto database = DatabaseManager::Get(context).GetDatabase(context, Identifier(name));
	if (!database) {
		throw CatalogException("there is no database %s", name);
	}
	return *database;
}

optional_ptr<TableCatalogEntry> FindTable(ClientContext &context, const AttachedDatabase &database,
                                          const Identifier &schema, const Identifier &table) {
	return cocosql::FindTable(context, QualifiedName(database.GetName(), schema, table));
}

DuckTableEntry &RequireTable(ClientContext &context, const AttachedDatabase &database, const Identifier &schema,
                             const Identifier &table) {
	auto entry = FindTable(context, database, schema, table);
	if (!entry || !entry->IsDuckTable()) {
		throw CatalogException("there is no table %s.%s.%s of DuckDB", database.GetName(), schema, table);
	}
	return entry->Cast<DuckTableEntry>();
}

const ColumnDefinition &RequireStored(const TableCatalogEntry &source, const Identifier &name) {
	if (!source.ColumnExists(name) || source.GetColumn(name).Generated()) {
		throw CatalogException("%s has no stored column %s to log", source.name, name);
	}
	return source.GetColumn(name);
}

vector<LogicalType> TypesOf(const TableCatalogEntry &source, const vector<Identifier> &names) {
	vector<LogicalType> types;
	for (auto &name : names) {
		types.push_back(RequireStored(source, name).Type());
	}
	return types;
}

void CheckLogTable(DuckTableEntry &target) {
	auto &columns = target.GetColumns();
	Identifier entries(KeyLogColumns::ENTRIES);
	bool fits = columns.LogicalColumnCount() == 1 && target.ColumnExists(entries) &&
	            target.GetColumn(entries).Type() == LogicalType::BLOB && !target.GetColumn(entries).Generated();
	if (!fits || !target.GetConstraints().empty() || HasIndexes(target)) {
		throw CatalogException("%s.%s is no log table: it must have the one column %s BLOB, without constraints and indexes",
		                       OWN_SCHEMA, target.name, KeyLogColumns::ENTRIES);
	}
}

shared_ptr<KeyLog> Describe(ClientContext &context, AttachedDatabase &database, const Identifier &schema,
                            const Identifier &table, const Identifier &log_table, KeyLogRequest request) {
	if (schema == OWN_SCHEMA || !database.GetCatalog().IsDuckCatalog() || database.IsReadOnly()) {
		throw CatalogException("%s.%s.%s cannot be logged", database.GetName(), schema, table);
	}
	auto &source = RequireTable(context, database, schema, table);
	auto &target = RequireTable(context, database, OWN_SCHEMA, log_table);
	CheckLogTable(target);
	for (auto &name : request.watched_columns) {
		if (!source.ColumnExists(name)) {
			throw CatalogException("%s has no column %s to watch", source.name, name);
		}
	}
	return make_shared_ptr<KeyLog>(database, source, target, std::move(request));
}

//! Has prepared statements planned anew, as a change of the catalog does.
void ReplanPreparedStatements(Connection &connection, AttachedDatabase &database) {
	InvalidatePlans(*connection.context, database);
	connection.Commit();
}

//! A time that all transactions are older than that may have seen a plan from before.
transaction_t Now(Connection &connection, AttachedDatabase &database) {
	connection.BeginTransaction();
	auto start = StartTime(*connection.context, database);
	connection.Rollback();
	return start;
}

} // namespace

TableVersion::TableVersion(const TableCatalogEntry &table) : oid(table.oid), timestamp(table.timestamp) {
}

KeyLog::KeyLog(AttachedDatabase &database, const TableCatalogEntry &source, const DuckTableEntry &target,
               KeyLogRequest request)
    : database(database.shared_from_this()), schema(source.ParentSchema().name), table(source.name),
      log_table(target.name), key_columns(std::move(request.key_columns)),
      watched_columns(std::move(request.watched_columns)), value_columns(std::move(request.value_columns)),
      key_types(TypesOf(source, key_columns)), value_types(TypesOf(source, value_columns)), source(source),
      target(target), activation(UUID::GenerateRandomUUID()), since(MAX_TRANSACTION_ID),
      complete_after(MAX_TRANSACTION_ID) {
}

bool KeyLog::IsOf(const AttachedDatabase &other) const {
	return database.lock().get() == &other;
}

bool KeyLog::Logs(const TableCatalogEntry &other) const {
	return !stopped && !has_gaps && source == TableVersion(other) && IsOf(other.ParentCatalog().GetAttached());
}

bool KeyLog::Watches(const Identifier &column) const {
	auto is_among = [&](const vector<Identifier> &columns) {
		return std::find(columns.begin(), columns.end(), column) != columns.end();
	};
	return is_among(watched_columns) || is_among(key_columns);
}

bool KeyLog::TakeRoom(idx_t count, idx_t source_rows) {
	if (entries.fetch_add(count) + count > FEW + source_rows / MOST_OF_ROWS) {
		has_gaps = true;
	}
	return !has_gaps;
}

optional_ptr<DuckTableEntry> KeyLog::Target(ClientContext &context) const {
	auto attached = database.lock();
	auto entry = attached ? FindTable(context, *attached, OWN_SCHEMA, log_table) : nullptr;
	if (!entry || !(TableVersion(*entry) == target)) {
		return nullptr;
	}
	return &entry->Cast<DuckTableEntry>();
}

bool KeyLog::SeesSource(ClientContext &context) const {
	auto attached = database.lock();
	auto entry = attached ? FindTable(context, *attached, schema, table) : nullptr;
	return entry && TableVersion(*entry) == source;
}

bool KeyLog::IsCompleteFor(ClientContext &context, AttachedDatabase &attached) {
	auto unknown = MAX_TRANSACTION_ID;
	auto start = StartTime(context, attached);
	if (complete_after == unknown && AllBeganAfter(attached, since)) {
		complete_after.compare_exchange_strong(unknown, LastCommit(attached));
	}
	return complete_after < start;
}

KeyLogs &KeyLogs::Get(ClientContext &context) {
	return Of(DatabaseInstance::GetDatabase(context));
}

hugeint_t KeyLogs::Start(ClientContext &context, const std::string &database_name, const std::string &schema,
                         const std::string &table, const std::string &log_table, KeyLogRequest request) {
	std::lock_guard<std::mutex> guard(changing);
	auto &database = FindDatabase(context, database_name);
	auto connection = NestedConnection(DatabaseInstance::GetDatabase(context));
	connection.BeginTransaction();
	auto log = Describe(*connection.context, database, Identifier(schema), Identifier(table), Identifier(log_table),
	                    std::move(request));
	auto old = FindActive(database, log_table);
	auto watched = [&](const Identifier &column) { return old->Watches(column); };
	if (old && !old->has_gaps && old->source == log->source && old->target == log->target &&
	    old->key_columns == log->key_columns && old->value_columns == log->value_columns &&
	    std::all_of(log->watched_columns.begin(), log->watched_columns.end(), watched)) {
		return old->activation;
	}
	if (old) {
		old->stopped = true;
	}
	Update(database, log);
	ReplanPreparedStatements(connection, database);
	log->since = Now(connection, database);
	return log->activation;
}

bool KeyLogs::Stop(ClientContext &context, const std::string &database_name, const std::string &log_table) {
	std::lock_guard<std::mutex> guard(changing);
	auto &database = FindDatabase(context, database_name);
	auto log = FindActive(database, log_table);
	if (!log) {
		return false;
	}
	log->since = MAX_TRANSACTION_ID;
	log->stopped = true;
	Update(database, nullptr);
	auto connection = NestedConnection(DatabaseInstance::GetDatabase(context));
	connection.BeginTransaction();
	ReplanPreparedStatements(connection, database);
	log->since = Now(connection, database);
	return true;
}

const char *KeyLogs::State(ClientContext &context, const std::string &database_name, const std::string &log_table,
                           hugeint_t activation) {
	auto &database = FindDatabase(context, database_name);
	auto all = All();
	auto log = std::find_if(all->begin(), all->end(), [&](const shared_ptr<KeyLog> &other) {
		return other->activation == activation && other->log_table == log_table && other->IsOf(database);
	});
	if (log == all->end()) {
		return "off";
	}
	if ((*log)->stopped) {
		return AllBeganAfter(database, (*log)->since) ? "off" : "stopping";
	}
	if ((*log)->has_gaps || !(*log)->SeesSource(context) || !(*log)->Target(context)) {
		return "broken";
	}
	return (*log)->IsCompleteFor(context, database) ? "on" : "waiting";
}

bool KeyLogs::IsOver(ClientContext &context, const std::string &database_name, const std::string &log_table) {
	auto &database = FindDatabase(context, database_name);
	auto all = All();
	return std::none_of(all->begin(), all->end(), [&](const shared_ptr<KeyLog> &log) {
		return log->log_table == log_table && log->IsOf(database) &&
		       !(log->stopped && AllBeganAfter(database, log->since));
	});
}

shared_ptr<KeyLog> KeyLogs::Find(ClientContext &context, const std::string &database_name,
                                 const std::string &log_table) {
	auto &database = FindDatabase(context, database_name);
	auto all = All();
	auto log = std::find_if(all->rbegin(), all->rend(), [&](const shared_ptr<KeyLog> &other) {
		return other->log_table == log_table && other->IsOf(database);
	});
	return log == all->rend() ? nullptr : *log;
}

void KeyLogs::SetEntries(ClientContext &context, const std::string &database, const std::string &log_table,
                         idx_t entries) {
	if (auto log = FindActive(FindDatabase(context, database), log_table)) {
		log->entries = entries;
	}
}

shared_ptr<const KeyLogList> KeyLogs::All() {
	std::lock_guard<std::mutex> guard(reading);
	return logs;
}

shared_ptr<KeyLog> KeyLogs::FindActive(const AttachedDatabase &database, const std::string &log_table) {
	for (auto &log : *All()) {
		if (!log->stopped && log->log_table == log_table && log->IsOf(database)) {
			return log;
		}
	}
	return nullptr;
}

void KeyLogs::Update(AttachedDatabase &database, shared_ptr<KeyLog> added) {
	auto updated = make_shared_ptr<KeyLogList>();
	for (auto &log : *All()) {
		bool is_over = log->stopped && log->IsOf(database) && AllBeganAfter(database, log->since);
		if (!is_over && !log->database.expired()) {
			updated->push_back(log);
		}
	}
	if (added) {
		updated->push_back(std::move(added));
	}
	std::lock_guard<std::mutex> guard(reading);
	logs = std::move(updated);
}

} // namespace cocosql
