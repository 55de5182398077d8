#include "duckdb/checkpoints.hpp"

#include "duckdb/storage/storage_lock.hpp"
#include "duckdb/transaction/duck_transaction_manager.hpp"

namespace cocosql {

using namespace duckdb;

bool IsCheckpointing(AttachedDatabase &database) {
	return DuckTransactionManager::Get(database).GetActiveCheckpoint().IsValid();
}

HeldCheckpoints::HeldCheckpoints(shared_ptr<AttachedDatabase> database_p)
    : database(std::move(database_p)), lock(DuckTransactionManager::Get(*database).SharedCheckpointLock()) {
}

HeldCheckpoints::HeldCheckpoints(HeldCheckpoints &&) noexcept = default;
HeldCheckpoints::~HeldCheckpoints() = default;

} // namespace cocosql
