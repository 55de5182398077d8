#include "memo/memo_reader.hpp"

#include "duckdb/common/sql_identifier.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/database_manager.hpp"

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
    : connection(DatabaseInstance::GetDatabase(context)) {
	if (!function.memo) {
		return;
	}
	auto database = DatabaseManager::GetDefaultDatabase(context).GetIdentifierName();
	takes_results = !IsReadOnly(connection, database);
	if (!HasFunctions(connection, database)) {
		return;
	}
	auto schema = Quoted(database) + ".coco.";
	vector<Value> parameters {Value(function.name), Value(function.code_version)};
	auto result = connection.Submit(
	    "SELECT memo_table FROM " + schema + "functions WHERE name = $1 AND code_version = $2", parameters);
	result->ThrowIfError();
	auto chunk = result->Fetch();
	if (chunk && chunk->size() > 0) {
		table = schema + Quoted(chunk->GetValue(0, 0).ToString());
	}
}

Results MemoReader::Read(const FingerprintSet &fingerprints) {
	Results results;
	if (table.empty() || fingerprints.empty()) {
		return results;
	}
	// In halves: DuckDB writes the constants of a query as text, which for a UHUGEINT takes 20 microseconds.
	vector<Value> upper, lower;
	for (auto &fingerprint : fingerprints) {
		upper.push_back(Value::UBIGINT(fingerprint.upper));
		lower.push_back(Value::UBIGINT(fingerprint.lower));
	}
	vector<Value> parameters {Value::LIST(LogicalType::UBIGINT, std::move(upper)),
	                          Value::LIST(LogicalType::UBIGINT, std::move(lower))};
	auto found = connection.Submit("SELECT fingerprint, result FROM " + table +
	                                   " WHERE fingerprint IN (SELECT (unnest($1)::UHUGEINT << 64) | unnest($2))",
	                               parameters);
	found->ThrowIfError();
	while (auto chunk = found->Fetch()) {
		for (idx_t row = 0; row < chunk->size(); row++) {
			results.emplace(chunk->GetValue(0, row).GetValue<uhugeint_t>(), chunk->GetValue(1, row));
		}
	}
	return results;
}

} // namespace cocosql
