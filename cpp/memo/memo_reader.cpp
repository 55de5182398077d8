#include "memo/memo_reader.hpp"

#include "duckdb/common/sql_identifier.hpp"
#include "duckdb/common/string_util.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/database_manager.hpp"
#include "memo/packed.hpp"
#include "memo/unpack.hpp"
#include "session/names.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

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
    : connection(EngineConnection(DatabaseInstance::GetDatabase(context))),
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
	vector<Value> parameters {Pack(fingerprints)};
	auto counts = since > 0 ? " AND run_id >= " + std::to_string(since) : "";
	auto found = connection.Submit("SELECT fingerprint, " + result + " FROM " + table +
	                                   " WHERE fingerprint IN (SELECT unnest(coco_unpack($1)))" + counts,
	                               parameters);
	found->ThrowIfError();
	while (auto chunk = found->Fetch()) {
		results.Append(FlatVector::GetData<uhugeint_t>(chunk->data[0]), chunk->data[1], chunk->size());
	}
}

} // namespace cocosql
