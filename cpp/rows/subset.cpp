#include "rows/subset.hpp"

#include "duckdb/common/vector/flat_vector.hpp"

namespace cocosql {

using namespace duckdb;

Subset::Subset(ClientContext &context, vector<Identifier> names, vector<LogicalType> types,
               const std::vector<std::pair<std::string, LogicalType>> &added)
    : names(std::move(names)) {
	for (auto &column : added) {
		types.push_back(column.second);
		this->names.emplace_back(column.first);
		values.emplace_back(column.second);
	}
	rows = make_uniq<ColumnDataCollection>(context, types);
	rows->InitializeAppend(state);
	out.InitializeEmpty(types);
}

void Subset::Append(DataChunk &chunk) {
	if (count == 0) {
		return;
	}
	auto copied = chunk.ColumnCount();
	for (idx_t i = 0; i < copied; i++) {
		out.data[i].Slice(chunk.data[i], selection, count);
	}
	for (idx_t i = 0; i < values.size(); i++) {
		FlatVector::SetSize(values[i], count);
		out.data[copied + i].Reference(values[i]);
	}
	out.CheckCardinality(count);
	rows->Append(state, out);
	for (auto &vector : values) {
		FlatVector::ValidityMutable(vector).Reset();
	}
	count = 0;
}

Collected Subset::Take() {
	return {std::move(names), shared_ptr<const ColumnDataCollection>(std::move(rows))};
}

} // namespace cocosql
