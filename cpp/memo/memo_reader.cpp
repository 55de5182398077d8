#include "memo/memo_reader.hpp"

#include "duckdb/common/sql_identifier.hpp"
#include "duckdb/common/string_util.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/memory.hpp"
#include "memo/packed.hpp"
#include "memo/wanted.hpp"
#include "session/names.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

//! So many rows of a memo are read into memory in the time of a look-up.
constexpr idx_t ROWS_A_LOOK = 500000;
//! A memo in memory takes no more than such a share of DuckDB's memory limit.
constexpr idx_t MEMORY_SHARE = 16;

std::string Quoted(const std::string &name) {
	return SQLQuotedIdentifier::ToString(name);
}

bool Finds(Connection &connection, const std::string &sql, const std::string &database) {
	vector<Value> parameters {Value(database)};
	auto result = connection.Submit(sql, parameters);
	result->ThrowIfError();
	auto chunk = result->Fetch();
	return chunk && chunk->size() > 0;
}

bool IsReadOnly(Connection &connection, const std::string &database) {
	return Finds(connection, "SELECT 1 FROM duckdb_databases() WHERE database_name = $1 AND readonly", database);
}

//! Whether the database keeps memos.
bool HasFunctions(Connection &connection, const std::string &database) {
	return Finds(connection,
	             "SELECT 1 FROM duckdb_tables() WHERE database_name = $1 AND schema_name = 'coco' AND "
	             "table_name = 'functions'",
	             database);
}

} // namespace

MemoReader::MemoReader(ClientContext &context, const PythonFunction &function)
    : context(context), type(function.result), connection(EngineConnection(DatabaseInstance::GetDatabase(context))),
      result(IsPacked(function.result) ? "coco_unpacked(result, NULL::" + function.result.ToString() + ")" : "result") {
	if (!function.memo) {
		return;
	}
	auto database = DatabaseManager::GetDefaultDatabase(context).GetIdentifierName();
	takes_results = !IsReadOnly(connection, database);
	if (!HasFunctions(connection, database)) {
		return;
	}
	auto schema = Quoted(database) + "." + OWN_SCHEMA + ".";
	vector<Value> parameters {Value(function.name), Value(function.code_version)};
	auto result = connection.Submit(
	    "SELECT memo_table FROM " + schema + "functions WHERE name = $1 AND code_version = $2", parameters);
	result->ThrowIfError();
	auto chunk = result->Fetch();
	auto name = chunk && chunk->size() > 0 ? chunk->GetValue(0, 0).ToString() : string();
	if (StringUtil::StartsWith(name, "memo_")) { // a record may be damaged
		table = schema + Quoted(name);
	}
}

void MemoReader::Read(const FingerprintSet &fingerprints, Results &results, int64_t since) {
	if (table.empty() || fingerprints.empty()) {
		return;
	}
	SetWanted(*connection.context, fingerprints);
	auto counts = since > 0 ? " AND run_id >= " + std::to_string(since) : "";
	auto found = connection.Submit(SelectSql() + " WHERE fingerprint IN (FROM coco_wanted())" + counts);
	found->ThrowIfError();
	reads++;
	while (auto chunk = found->Fetch()) {
		found_rows += chunk->size();
		found_bytes += chunk->GetAllocationSize();
		results.Append(FlatVector::GetData<uhugeint_t>(chunk->data[0]), chunk->data[1], chunk->size());
	}
}

std::string MemoReader::SelectSql() const {
	return "SELECT fingerprint, " + result + " FROM " + table;
}

bool MemoReader::Gather(const std::vector<const uhugeint_t *> &wanted, Vector &target) {
	if (!resident && reads >= next_look && found_rows > 0) {
		MakeResident();
	}
	return resident && resident->Gather(wanted, target);
}

void MemoReader::MakeResident() {
	auto counted = connection.Submit("SELECT count(*) FROM " + table);
	counted->ThrowIfError();
	auto rows = counted->Fetch()->GetValue(0, 0).GetValue<idx_t>();
	auto bytes = rows * (found_bytes / found_rows);
	next_look = rows / ROWS_A_LOOK + 2;
	if (bytes > MemoryLimit(context) / MEMORY_SHARE) {
		next_look = NumericLimits<idx_t>::Maximum();
	} else if (reads >= next_look) {
		try {
			resident = FindResident(context, table, [&] {
				return make_shared_ptr<const ResidentMemo>(connection, SelectSql(), type, rows, bytes);
			});
		} catch (const OutOfMemoryException &) {
			next_look = NumericLimits<idx_t>::Maximum();
		}
	}
}

} // namespace cocosql
