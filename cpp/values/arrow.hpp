//! Columns of rows as pyarrow arrays, and pyarrow arrays as rows, over Arrow's C data interface.
#pragma once

#include "duckdb/common/arrow/arrow_appender.hpp"
#include "duckdb/common/types/data_chunk.hpp"
#include "duckdb/main/client_context.hpp"

#include <functional>
#include <memory>
#include <nanobind/nanobind.h>

namespace cocosql {

namespace nb = nanobind;

//! The Arrow form of SQL types, the same whatever a session's settings are: VARCHAR and JSON are string, times with a
//! zone are in UTC, and what Arrow has no type for (HUGEINT, UHUGEINT, BIGNUM, BIT, UUID, TIMETZ) is its SQL text.
struct ArrowLayout {
	ArrowLayout(duckdb::ClientContext &context, duckdb::vector<duckdb::LogicalType> types);

	const duckdb::vector<duckdb::LogicalType> types;
	//! What is exchanged; `types` are cast to and from these.
	duckdb::vector<duckdb::LogicalType> wire_types;
	//! Not const, as the engine takes it so.
	mutable duckdb::ClientProperties properties;
};

//! Collects rows, and gives their columns as pyarrow arrays. The context must outlive it.
class ArrowBatch {
public:
	ArrowBatch(duckdb::ClientContext &context, duckdb::vector<duckdb::LogicalType> types);
	~ArrowBatch();

	//! The rows [from, to). Throws InvalidInputException for a value that Arrow cannot hold. The GIL is not needed.
	void Append(duckdb::DataChunk &rows, duckdb::idx_t from, duckdb::idx_t to);
	void Append(duckdb::DataChunk &rows, const duckdb::SelectionVector &selection, duckdb::idx_t count);
	duckdb::idx_t Size() const;

	//! A list with one pyarrow.Array a column; the batch is empty from then on. Needs the GIL.
	nb::list TakeArrays();

private:
	void AppendAll(duckdb::DataChunk &rows);

	duckdb::ClientContext &context;
	ArrowLayout layout;
	std::unique_ptr<duckdb::ArrowAppender> appender;
	duckdb::idx_t size = 0;
};

//! Takes the rows [first, first + count) of a result. The vector is the sink's to read until it returns.
using ArrowSink = std::function<void(duckdb::Vector &values, duckdb::idx_t first, duckdb::idx_t count)>;

//! Reads what an Arrow function returned (a pyarrow array, or what has Arrow's PyCapsule interface) as rows of a type,
//! at most STANDARD_VECTOR_SIZE at once. Throws InvalidInputException for what is no such array, has another number of
//! rows, or holds a value that does not fit the type exactly; nothing reached the sink if the array does not fit as a
//! whole. Needs the GIL; the sink is called without it.
void ReadArrowArray(duckdb::ClientContext &context, nb::handle array, const duckdb::LogicalType &type,
                    duckdb::idx_t expected_size, const ArrowSink &sink);

} // namespace cocosql
