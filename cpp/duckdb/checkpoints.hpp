//! Checkpoints of a database, and holding them back.
#pragma once

#include "duckdb/main/attached_database.hpp"

namespace duckdb {
class StorageLockKey;
}

namespace cocosql {

bool IsCheckpointing(duckdb::AttachedDatabase &database);

//! As long as there is one, no checkpoint of the database begins. It is waited for while a checkpoint is made.
class HeldCheckpoints {
public:
	explicit HeldCheckpoints(duckdb::shared_ptr<duckdb::AttachedDatabase> database);
	HeldCheckpoints(HeldCheckpoints &&) noexcept;
	~HeldCheckpoints();

private:
	//! Outlives the lock, which belongs to it.
	duckdb::shared_ptr<duckdb::AttachedDatabase> database;
	duckdb::unique_ptr<duckdb::StorageLockKey> lock;
};

} // namespace cocosql
