#include "capture/entry_block.hpp"

#include "duckdb/common/allocator.hpp"
#include "duckdb/common/serializer/binary_deserializer.hpp"
#include "duckdb/common/serializer/binary_serializer.hpp"

#include <cstring>

namespace cocosql {

using namespace duckdb;

void WriteBlock(MemoryStream &stream, const EntryBlock &block, DataChunk &columns) {
	stream.WriteData(const_data_ptr_cast(&block), sizeof(block));
	for (auto &column : columns.data) {
		BinarySerializer serializer(stream);
		serializer.Begin();
		column.Serialize(serializer, true);
		serializer.End();
	}
}

EntryBlock ReadHeader(const string_t &stored) {
	EntryBlock block;
	std::memcpy(&block, stored.GetData(), sizeof(block));
	return block;
}

void ReadColumns(const string_t &stored, const vector<LogicalType> &types, DataChunk &columns) {
	auto count = ReadHeader(stored).count;
	MemoryStream stream(data_ptr_cast(const_cast<char *>(stored.GetData())), stored.GetSize());
	stream.SetPosition(sizeof(EntryBlock));
	columns.Initialize(Allocator::DefaultAllocator(), types);
	for (auto &column : columns.data) {
		BinaryDeserializer deserializer(stream);
		deserializer.Begin();
		column.Deserialize(deserializer, count);
		deserializer.End();
	}
	columns.SetChildCardinality(count);
}

} // namespace cocosql
