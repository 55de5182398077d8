// For tests/test_arrow.py, until functions are called with Arrow arrays: then the tests go through those, and this file
// goes.
#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/main/connection.hpp"
#include "duckdb/main/database.hpp"
#include "python/errors.hpp"
#include "values/arrow.hpp"
#include "values/arrow_probe.hpp"

#include <nanobind/stl/string.h>

namespace cocosql {

using namespace duckdb;

namespace {

//! Hands the columns of a query's rows to a Python function, and collects what it returns as rows of a type.
class ArrowProbe {
public:
	ArrowProbe() : database(nullptr), connection(database) {
	}

	void Execute(const std::string &sql) {
		WithoutPython([&] { Run(sql); });
	}

	void Call(const std::string &sql, nb::handle function, const std::string &type_name) {
		WithoutPython([&] {
			auto result = Run(sql);
			auto &context = *connection.context;
			context.RunFunctionInTransaction([&] { CallWith(context, *result, function, type_name); });
		});
	}

	//! SQL literals of what went in (in the first column) and came out, row by row.
	nb::list Pairs() {
		nb::list pairs;
		auto before = given->GetRows();
		auto after = taken->GetRows();
		for (idx_t row = 0; row < after.size(); row++) {
			auto left = before.GetValue(0, row).ToSQLString();
			auto right = after.GetValue(0, row).ToSQLString();
			pairs.append(nb::make_tuple(left.c_str(), right.c_str()));
		}
		return pairs;
	}

private:
	duckdb::unique_ptr<QueryResult> Run(const std::string &sql) {
		auto result = connection.Query(sql);
		if (result->HasError()) {
			result->ThrowError();
		}
		return result;
	}

	void CallWith(ClientContext &context, QueryResult &result, nb::handle function,
	              const std::string &type_name) {
		auto type = TransformStringToLogicalType(type_name, context);
		ArrowBatch batch(context, result.GetTypes());
		given = make_uniq<ColumnDataCollection>(Allocator::DefaultAllocator(), result.GetTypes());
		while (auto chunk = result.Fetch()) {
			auto middle = chunk->size() / 2;
			SelectionVector rest(chunk->size() - middle);
			for (idx_t i = middle; i < chunk->size(); i++) {
				rest.set_index(i - middle, i);
			}
			batch.Append(*chunk, 0, middle);
			batch.Append(*chunk, rest, chunk->size() - middle);
			given->Append(*chunk);
		}
		taken = make_uniq<ColumnDataCollection>(Allocator::DefaultAllocator(), vector<LogicalType> {type});
		WithPython([&] {
			auto size = batch.Size();
			auto returned = function(*batch.TakeArrays());
			ReadArrowArray(context, returned, type, size, [&](Vector &values, idx_t, idx_t count) {
				DataChunk chunk;
				chunk.InitializeEmpty({type});
				chunk.data[0].Reference(values);
				chunk.SetCardinalityUnsafe(count);
				taken->Append(chunk);
			});
		});
	}

	DuckDB database;
	Connection connection;
	duckdb::unique_ptr<ColumnDataCollection> given;
	duckdb::unique_ptr<ColumnDataCollection> taken;
};

} // namespace

void BindArrowProbe(nb::module_ &module) {
	nb::class_<ArrowProbe>(module, "ArrowProbe")
	    .def(nb::init<>())
	    .def("execute", &ArrowProbe::Execute)
	    .def("call", &ArrowProbe::Call)
	    .def("pairs", &ArrowProbe::Pairs);
}

} // namespace cocosql
