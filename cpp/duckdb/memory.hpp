//! Memory of the engine's own that counts for DuckDB's memory limit.
#pragma once

#include "duckdb/main/client_context.hpp"

namespace duckdb {
class BufferManager;
}

namespace cocosql {

//! Takes bytes off the limit, as long as it is there. Throws if there are not as many.
class ReservedMemory {
public:
	ReservedMemory(duckdb::ClientContext &context, duckdb::idx_t bytes);
	~ReservedMemory();
	ReservedMemory(const ReservedMemory &) = delete;
	ReservedMemory &operator=(const ReservedMemory &) = delete;

private:
	duckdb::BufferManager &buffers;
	duckdb::idx_t bytes;
};

//! The memory limit, in bytes.
duckdb::idx_t MemoryLimit(duckdb::ClientContext &context);

} // namespace cocosql
