//! The transaction of a context in a database, and when the transactions of a database began and ended.
#pragma once

#include "duckdb/catalog/catalog_entry/sequence_catalog_entry.hpp"
#include "duckdb/common/enums/database_modification_type.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/client_context.hpp"

namespace cocosql {

//! The context's transaction begins in the database, if it has not yet.
void BeginIn(duckdb::ClientContext &context, duckdb::AttachedDatabase &database);
//! The same as for a transaction that only reads, which may begin while FORCE CHECKPOINT waits. It can write later.
void BeginAsReader(duckdb::MetaTransaction &transaction, duckdb::AttachedDatabase &database);
//! Says that the context's transaction changes the database, as what writes without a statement has to.
void DeclareChange(duckdb::ClientContext &context, duckdb::AttachedDatabase &database,
                   duckdb::DatabaseModificationType change);
//! Prepared statements are planned anew once the context's transaction is committed, as after a change of the catalog.
void InvalidatePlans(duckdb::ClientContext &context, duckdb::AttachedDatabase &database);

//! The next number of a sequence, which the context's transaction is known to change.
int64_t NextNumber(duckdb::ClientContext &context, duckdb::SequenceCatalogEntry &sequence);

//! The numbers of a sequence that were taken so far, in whatever transactions, stay taken once the context's is committed.
void KeepNumbers(duckdb::ClientContext &context, duckdb::SequenceCatalogEntry &sequence);

//! When the context's transaction began in the database: a number that counts up. It sees what was committed before.
duckdb::transaction_t StartTime(duckdb::ClientContext &context, duckdb::AttachedDatabase &database);
//! When the last transaction of the database was committed.
duckdb::transaction_t LastCommit(duckdb::AttachedDatabase &database);
//! Whether all transactions of the database that are running began after that time.
bool AllBeganAfter(duckdb::AttachedDatabase &database, duckdb::transaction_t time);

} // namespace cocosql
