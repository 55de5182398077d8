#include "duckdb/transactions.hpp"

#include "duckdb/transaction/duck_transaction.hpp"
#include "duckdb/transaction/duck_transaction_manager.hpp"
#include "duckdb/transaction/meta_transaction.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

using ReadOnlyMember = bool MetaTransaction::*;

ReadOnlyMember IsReadOnly();

//! Only this private member takes back what SetReadOnly() sets. An explicit instantiation may name private members
//! ([temp.spec.general] of the C++ standard).
template <ReadOnlyMember MEMBER>
struct Reveal {
	friend ReadOnlyMember IsReadOnly() {
		return MEMBER;
	}
};
template struct Reveal<&MetaTransaction::is_read_only>;

} // namespace

void BeginIn(ClientContext &context, AttachedDatabase &database) {
	MetaTransaction::Get(context).GetTransaction(database);
}

void BeginAsReader(MetaTransaction &transaction, AttachedDatabase &database) {
	auto &is_read_only = transaction.*IsReadOnly();
	is_read_only = true;
	try {
		transaction.GetTransaction(database);
	} catch (...) {
		is_read_only = false;
		throw;
	}
	is_read_only = false;
}

void DeclareChange(ClientContext &context, AttachedDatabase &database, DatabaseModificationType change) {
	MetaTransaction::Get(context).ModifyDatabase(database, change);
}

void InvalidatePlans(ClientContext &context, AttachedDatabase &database) {
	DuckTransaction::Get(context, database).catalog_version = TRANSACTION_ID_START;
}

int64_t NextNumber(ClientContext &context, SequenceCatalogEntry &sequence) {
	return sequence.NextValue(DuckTransaction::Get(context, sequence.catalog));
}

void KeepNumbers(ClientContext &context, SequenceCatalogEntry &sequence) {
	DuckTransaction::Get(context, sequence.catalog).PushSequenceUsage(sequence, sequence.GetData());
}

transaction_t StartTime(ClientContext &context, AttachedDatabase &database) {
	return DuckTransaction::Get(context, database).start_time;
}

transaction_t LastCommit(AttachedDatabase &database) {
	return DuckTransactionManager::Get(database).GetLastCommit();
}

bool AllBeganAfter(AttachedDatabase &database, transaction_t time) {
	return time < DuckTransactionManager::Get(database).LowestVisibilityBound();
}

} // namespace cocosql
