#include "catalog/table_layout.hpp"

#include "duckdb/common/vector_operations/vector_operations.hpp"

#include <algorithm>

namespace cocosql {

using namespace duckdb;

TableLayout::TableLayout(const DuckTableEntry &entry, const vector<Identifier> &names,
                         const std::map<std::string, Value> &values) {
	for (auto &column : entry.GetColumns().Physical()) {
		auto given = values.find(column.Name().GetIdentifierName());
		auto found = std::find(names.begin(), names.end(), column.Name());
		auto is_given = given != values.end();
		constants.push_back(is_given ? given->second : Value(column.Type()));
		places.push_back(is_given || found == names.end() ? DConstants::INVALID_INDEX
		                                                  : NumericCast<idx_t>(found - names.begin()));
		types.push_back(column.Type());
	}
	laid_out.InitializeEmpty(types);
}

DataChunk &TableLayout::LayOut(ClientContext &context, DataChunk &chunk) {
	laid_out.Reset();
	for (idx_t i = 0; i < types.size(); i++) {
		auto &target = laid_out.data[i];
		if (places[i] == DConstants::INVALID_INDEX) {
			target.Reference(constants[i], count_t(chunk.size()));
		} else if (chunk.data[places[i]].GetType() == types[i]) {
			target.Reference(chunk.data[places[i]]);
		} else {
			Vector cast(types[i], chunk.size());
			VectorOperations::Cast(context, chunk.data[places[i]], cast, chunk.size());
			target.Reference(cast);
		}
	}
	laid_out.CheckCardinality(chunk.size());
	return laid_out;
}

} // namespace cocosql
