#include "duckdb/memory.hpp"

#include "duckdb/storage/buffer_manager.hpp"

namespace cocosql {

using namespace duckdb;

ReservedMemory::ReservedMemory(ClientContext &context, idx_t bytes)
    : buffers(BufferManager::GetBufferManager(context)), bytes(bytes) {
	buffers.ReserveMemory(bytes);
}

ReservedMemory::~ReservedMemory() {
	buffers.FreeReservedMemory(bytes);
}

} // namespace cocosql
