#include "duckdb/memory.hpp"

#include "duckdb/main/database.hpp"
#include "duckdb/storage/buffer_manager.hpp"

namespace cocosql {

using namespace duckdb;

// A context's own buffer manager ends with the context.
ReservedMemory::ReservedMemory(ClientContext &context, idx_t bytes)
    : buffers(BufferManager::GetBufferManager(DatabaseInstance::GetDatabase(context))), bytes(bytes) {
	buffers.ReserveMemory(bytes);
}

ReservedMemory::~ReservedMemory() {
	buffers.FreeReservedMemory(bytes);
}

idx_t MemoryLimit(ClientContext &context) {
	return BufferManager::GetBufferManager(context).GetMaxMemory();
}

} // namespace cocosql
