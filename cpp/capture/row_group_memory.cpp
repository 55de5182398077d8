#include "capture/row_group_memory.hpp"

namespace cocosql {

using namespace duckdb;

RowGroupMemory &RowGroupMemory::Get(ClientContext &context) {
	return Of(DatabaseInstance::GetDatabase(context));
}

void RowGroupMemory::Put(const std::string &key, int64_t generation, RowGroups row_groups) {
	for (auto &group : row_groups.groups) {
		group.token.clear(); // objects stand for themselves; tokens only for what is stored beside them
	}
	std::lock_guard<std::mutex> guard(mutex);
	remembered.insert_or_assign(key, std::make_pair(generation, std::move(row_groups)));
}

std::unique_ptr<RowGroups> RowGroupMemory::Find(const std::string &key, int64_t generation) {
	std::lock_guard<std::mutex> guard(mutex);
	auto found = remembered.find(key);
	if (found == remembered.end() || found->second.first != generation) {
		return nullptr;
	}
	return std::make_unique<RowGroups>(found->second.second);
}

} // namespace cocosql
