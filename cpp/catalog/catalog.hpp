//! What the catalog says, asked directly: a query of duckdb_tables() or duckdb_functions() costs a millisecond or more.
//! All see what the session's transaction sees. Call without the GIL.
#pragma once

#include "duckdb/common/types/column/column_data_collection.hpp"
#include "fingerprint/fingerprint_set.hpp"
#include "session/session.hpp"

#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace cocosql {

struct Relation {
	//! As the catalog spells them.
	std::string database;
	std::string schema;
	std::string name;
	bool is_view = false;
	//! The columns of the primary key, or empty.
	std::vector<std::string> key;
	//! Whether it has columns that are worked out from others.
	bool has_generated = false;
	//! The statement that would make it.
	std::string sql;
};

struct Database {
	std::string name;
	//! No other database of the instance has it, before or after.
	duckdb::idx_t number = 0;
	bool is_read_only = false;
	//! Whether it is DuckDB's own, and not one that another system keeps.
	bool is_native = false;
	//! Whether it has the record of the engine's migrations.
	bool has_migrations = false;
};

//! The attached databases, the oldest first.
std::vector<Database> Databases(Session &session);
//! The number of the state of a catalog that the transaction sees; none if it is not DuckDB's own.
std::optional<duckdb::idx_t> CatalogState(Session &session, const std::string &database);
//! A number that stands for the user's objects that the transaction sees in a database: all but the engine's own.
duckdb::idx_t UserObjects(Session &session, const std::string &database);
bool HasSchema(Session &session, const std::string &database, const std::string &schema);
//! The names of the views of a schema, and of the tables of which columns are worked out as they are read.
std::vector<std::string> StrangeRelations(Session &session, const std::string &database, const std::string &schema);
//! The names of the tables and views of a schema.
std::vector<std::string> RelationNames(Session &session, const std::string &database, const std::string &schema);
std::optional<Relation> FindRelation(Session &session, const std::string &database, const std::string &schema,
                                     const std::string &name);

//! Names and types of the columns of a table; none if there is no such table.
std::vector<std::pair<std::string, std::string>> Columns(Session &session, const std::string &database,
                                                         const std::string &schema, const std::string &table);

//! Name as given, kind, and the definition of a macro. The kind is that of duckdb_functions(), or "volatile".
using FunctionKind = std::tuple<std::string, std::string, std::optional<std::string>>;
std::set<FunctionKind> FunctionKinds(Session &session, const std::vector<std::string> &names);

//! A table of the engine's own, and columns of it.
using TableColumns = std::pair<std::string, std::vector<std::string>>;
//! The rows of one of the engine's own tables that is small and read often: all, or those with a number in the first column.
duckdb::unique_ptr<duckdb::ColumnDataCollection> TableRows(Session &session, const std::string &database,
                                                           const TableColumns &columns, std::optional<int64_t> number);

//! What tables say, as one transaction sees them, of things that have a number: a BIGINT, the first column of each table.
struct Records {
	//! By number, a fingerprint of all rows that have it.
	std::map<int64_t, duckdb::uhugeint_t> fingerprints;
	//! By table, the rows of those things whose fingerprint is none of the known ones.
	std::vector<duckdb::unique_ptr<duckdb::ColumnDataCollection>> rows;
};
//! Records that the caller knows, by their fingerprint, are not read into Python: that would take several times as long.
Records NewRecords(Session &session, const std::string &database, const std::vector<TableColumns> &tables,
                   const FingerprintSet &known);

//! How many rows a table stores, those that are deleted included until a checkpoint drops them; 0 if there is no such table
//! of DuckDB's own.
duckdb::idx_t StoredRows(Session &session, const std::string &database, const std::string &schema,
                         const std::string &table);
//! How many rows one of the engine's own tables has for the session's transaction, which has put none in; none if there
//! is no such table.
std::optional<duckdb::idx_t> CountRows(Session &session, const std::string &database, const std::string &table);
//! The next number of a sequence of the schema coco.
int64_t NextId(Session &session, const std::string &database, const std::string &sequence);

//! The same; a crash takes it back as long as nobody has called KeepIds() since. That it is taken is not written at once.
int64_t PassingId(Session &session, const std::string &database, const std::string &sequence);
//! Numbers that were taken so far stay taken, once the session's transaction is committed.
void KeepIds(Session &session, const std::string &database, const std::string &sequence);

//! Appends rows to one of the engine's own tables, with values for these columns and NULL for the others; each is cast to
//! the column's type. Returns how many there are.
duckdb::idx_t AppendRecords(Session &session, const std::string &database, const std::string &table,
                            const std::vector<std::string> &columns,
                            const std::vector<std::vector<duckdb::Value>> &records);
//! Gives the rows of one of the engine's own tables, which are few, that have a value in a BIGINT column these values in
//! these columns; each is cast to the column's type. Returns how many there were.
duckdb::idx_t UpdateRecords(Session &session, const std::string &database, const std::string &table,
                            const std::string &column, int64_t value, const std::vector<std::string> &columns,
                            const std::vector<duckdb::Value> &values);
//! By BIGINT column, the values of which a row is to have one.
using Wanted = std::map<std::string, std::vector<int64_t>>;
//! Deletes those rows of one of the engine's own tables, which are few. Returns how many there were.
duckdb::idx_t DeleteRecords(Session &session, const std::string &database, const std::string &table,
                            const Wanted &wanted);

//! Runs `look` in the session's transaction, or in one of its own.
template <class LOOK>
auto LookUp(Session &session, LOOK &&look) {
	auto &context = *session.connection.context;
	decltype(look(context)) found;
	context.RunFunctionInTransaction([&] { found = look(context); });
	return found;
}

void BindCatalog(nb::module_ &module);

} // namespace cocosql
