#include "capture/entry_block.hpp"

#include "duckdb/common/allocator.hpp"
#include "duckdb/common/serializer/binary_deserializer.hpp"
#include "duckdb/common/serializer/binary_serializer.hpp"

#include <cstring>

namespace cocosql {

using namespace duckdb;

void WriteBlock(MemoryStream &stream, const EntryBlock &block, const ShownVectors &shown, DataChunk &vectors) {
	stream.WriteData(const_data_ptr_cast(&block), sizeof(block));
	stream.Write(NumericCast<uint16_t>(shown.size()));
	stream.WriteData(const_data_ptr_cast(shown.data()), shown.size() * sizeof(uint16_t));
	for (auto &vector : vectors.data) {
		BinarySerializer serializer(stream);
		serializer.Begin();
		vector.Serialize(serializer, true);
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
	ShownVectors shown(stream.Read<uint16_t>());
	stream.ReadData(data_ptr_cast(shown.data()), shown.size() * sizeof(uint16_t));
	std::vector<Vector> read;
	columns.InitializeEmpty(types);
	for (idx_t i = 0; i < types.size(); i++) {
		if (shown[i] == read.size()) {
			BinaryDeserializer deserializer(stream);
			deserializer.Begin();
			read.emplace_back(types[i], MaxValue<idx_t>(count, STANDARD_VECTOR_SIZE)).Deserialize(deserializer, count);
			deserializer.End();
		}
		columns.data[i].Reference(read[shown[i]]);
	}
	columns.SetChildCardinality(count);
}

} // namespace cocosql
