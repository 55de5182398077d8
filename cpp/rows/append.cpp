#include "rows/append.hpp"

#include "catalog/catalog.hpp"
#include "catalog/own_table.hpp"
#include "duckdb/common/vector_operations/vector_operations.hpp"
#include "duckdb/stored_table.hpp"
#include "rows/collected.hpp"
#include "session/watch.hpp"

#include <algorithm>

namespace cocosql {

using namespace duckdb;

namespace {

//! Gives rows the columns of a table.
class Layout {
public:
	Layout(const DuckTableEntry &entry, const Collected &rows, const std::map<std::string, int64_t> &values) {
		for (auto &column : entry.GetColumns().Physical()) {
			auto given = values.find(column.Name().GetIdentifierName());
			auto found = std::find(rows.names.begin(), rows.names.end(), column.Name());
			auto is_given = given != values.end();
			constants.push_back(is_given ? Value::BIGINT(given->second) : Value(column.Type()));
			places.push_back(is_given || found == rows.names.end()
			                     ? DConstants::INVALID_INDEX
			                     : NumericCast<idx_t>(found - rows.names.begin()));
			types.push_back(column.Type());
		}
		laid_out.InitializeEmpty(types);
	}

	DataChunk &LayOut(ClientContext &context, DataChunk &chunk) {
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

private:
	vector<LogicalType> types;
	//! Of each column, its place in the rows, or a constant.
	std::vector<idx_t> places;
	std::vector<Value> constants;
	DataChunk laid_out;
};

} // namespace

idx_t AppendQuery(Session &session, const std::string &database, const std::string &table, const std::string &rows,
                  const std::map<std::string, int64_t> &values) {
	auto collected = CollectRows(session, rows);
	return LookUp(session, [&](ClientContext &context) {
		auto &entry = OwnTable(context, database, table, DatabaseModificationType::INSERT_DATA);
		Layout layout(entry, collected, values);
		RowAppender appender(context, entry);
		Watch watch(session);
		for (auto &chunk : collected.Chunks()) {
			watch.Look();
			appender.Append(layout.LayOut(context, chunk));
		}
		appender.Finish();
		return collected.Count();
	});
}

} // namespace cocosql
