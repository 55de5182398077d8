#include "catalog/catalog.hpp"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/sequence_catalog_entry.hpp"
#include "duckdb/common/enums/database_modification_type.hpp"
#include "duckdb/transactions.hpp"
#include "session/names.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

SequenceCatalogEntry &Sequence(ClientContext &context, const std::string &database, const std::string &sequence) {
	auto &catalog = Catalog::GetCatalog(context, Identifier(database));
	DeclareChange(context, catalog.GetAttached(), DatabaseModificationType::SEQUENCE);
	auto &entry = catalog.GetEntry(context, CatalogType::SEQUENCE_ENTRY, OWN_SCHEMA, Identifier(sequence));
	return entry.Cast<SequenceCatalogEntry>();
}

} // namespace

int64_t NextId(Session &session, const std::string &database, const std::string &sequence) {
	return LookUp(session, [&](ClientContext &context) {
		return NextNumber(context, Sequence(context, database, sequence));
	});
}

int64_t PassingId(Session &session, const std::string &database, const std::string &sequence) {
	auto &transaction = session.connection.context->transaction;
	if (transaction.HasActiveTransaction()) {
		return NextId(session, database, sequence);
	}
	// A sequence does not take back what a transaction took that is rolled back.
	transaction.BeginTransaction();
	try {
		auto &context = *session.connection.context;
		auto number = NextNumber(context, Sequence(context, database, sequence));
		transaction.Rollback(nullptr);
		return number;
	} catch (...) {
		transaction.Rollback(nullptr);
		throw;
	}
}

void KeepIds(Session &session, const std::string &database, const std::string &sequence) {
	session.connection.context->RunFunctionInTransaction(
	    [&] { KeepNumbers(*session.connection.context, Sequence(*session.connection.context, database, sequence)); });
}

} // namespace cocosql
