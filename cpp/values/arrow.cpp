#include "values/arrow.hpp"

#include "duckdb/common/arrow/arrow_converter.hpp"
#include "duckdb/common/arrow/arrow_wrapper.hpp"
#include "duckdb/common/type_visitor.hpp"
#include "duckdb/common/vector/array_vector.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/common/vector/list_vector.hpp"
#include "duckdb/common/vector/struct_vector.hpp"
#include "duckdb/common/vector_operations/vector_operations.hpp"
#include "duckdb/function/table/arrow.hpp"
#include "python/errors.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

//===--------------------------------------------------------------------===//
// Layout
//===--------------------------------------------------------------------===//
bool IsTextOnTheWire(const LogicalType &type) {
	switch (type.id()) {
	case LogicalTypeId::HUGEINT:
	case LogicalTypeId::UHUGEINT:
	case LogicalTypeId::BIGNUM:
	case LogicalTypeId::BIT:
	case LogicalTypeId::UUID:
	case LogicalTypeId::TIME_TZ:
		return true;
	default:
		return false;
	}
}

LogicalType WireType(const LogicalType &type) {
	return TypeVisitor::VisitReplace(
	    type, [](const LogicalType &part) { return IsTextOnTheWire(part) ? LogicalType::VARCHAR : part; });
}

//! Enums are read as texts, for the engine loses the dictionary of a nested array that has no values.
LogicalType WithoutEnums(const LogicalType &type) {
	return TypeVisitor::VisitReplace(
	    type, [](const LogicalType &part) { return part.id() == LogicalTypeId::ENUM ? LogicalType::VARCHAR : part; });
}

bool Contains(const LogicalType &type, LogicalTypeId id) {
	return TypeVisitor::Contains(type, [id](const LogicalType &part) { return part.id() == id; });
}

//! GEOMETRY and VARIANT get their Arrow types from the session's settings, and the buffers have to agree with those.
bool FollowsSession(const LogicalType &type) {
	return Contains(type, LogicalTypeId::GEOMETRY) || Contains(type, LogicalTypeId::VARIANT);
}

vector<LogicalType> WireTypes(const vector<LogicalType> &types) {
	vector<LogicalType> result;
	for (auto &type : types) {
		result.push_back(WireType(type));
	}
	return result;
}

ClientProperties PropertiesFor(ClientContext &context, const vector<LogicalType> &types) {
	ClientProperties properties;
	properties.client_context = context;
	for (auto &type : types) {
		if (FollowsSession(type)) {
			auto session = context.GetClientProperties();
			properties.arrow_offset_size = session.arrow_offset_size;
			properties.arrow_output_version = session.arrow_output_version;
		}
	}
	return properties;
}

void FillSchema(const ArrowLayout &layout, ArrowSchemaWrapper &schema) {
	vector<string> names;
	for (idx_t i = 0; i < layout.wire_types.size(); i++) {
		names.push_back("column" + to_string(i));
	}
	ArrowConverter::ToArrowSchema(&schema.arrow_schema, layout.wire_types, names, layout.properties);
}

//===--------------------------------------------------------------------===//
// Nested vectors
//===--------------------------------------------------------------------===//
template <class VISIT>
void VisitVectors(Vector &vector, idx_t count, VISIT &&visit) {
	vector.Flatten();
	switch (vector.GetType().InternalType()) {
	case PhysicalType::LIST:
		VisitVectors(ListVector::GetChildMutable(vector), ListVector::GetListSize(vector), visit);
		break;
	case PhysicalType::ARRAY:
		VisitVectors(ArrayVector::GetChildMutable(vector), count * ArrayType::GetSize(vector.GetType()), visit);
		break;
	case PhysicalType::STRUCT:
		for (auto &entry : StructVector::GetEntries(vector)) {
			VisitVectors(entry, count, visit);
		}
		break;
	default:
		break;
	}
	visit(vector, count);
}

//! Arrow counts an interval's nanoseconds, and the engine multiplies without looking.
void CheckIntervals(Vector &vector, idx_t count) {
	if (vector.GetType().id() != LogicalTypeId::INTERVAL) {
		return;
	}
	constexpr int64_t LIMIT = NumericLimits<int64_t>::Maximum() / Interval::NANOS_PER_MICRO;
	auto data = FlatVector::GetData<interval_t>(vector);
	for (idx_t row = 0; row < count; row++) {
		if (!FlatVector::IsNull(vector, row) && (data[row].micros > LIMIT || data[row].micros < -LIMIT)) {
			throw InvalidInputException("Arrow cannot represent the INTERVAL %s", Interval::ToString(data[row]));
		}
	}
}

//! Arrow's unions have no NULLs of their own: a NULL member stands for one.
void RestoreNullUnions(Vector &vector, idx_t count) {
	if (vector.GetType().id() != LogicalTypeId::UNION) {
		return;
	}
	auto &entries = StructVector::GetEntries(vector);
	auto tags = FlatVector::GetData<union_tag_t>(entries[0]);
	for (idx_t row = 0; row < count; row++) {
		if (!FlatVector::IsNull(vector, row) && FlatVector::IsNull(entries[1 + tags[row]], row)) {
			FlatVector::SetNull(vector, row, true);
		}
	}
}

//===--------------------------------------------------------------------===//
// From Python
//===--------------------------------------------------------------------===//
nb::object ArrowModule() {
	return nb::module_::import_("cocosql.arrow");
}

uintptr_t AddressOf(const void *pointer) {
	return reinterpret_cast<uintptr_t>(pointer);
}

bool IsValid(const ArrowArray &array, int64_t index) {
	auto *validity = static_cast<const uint8_t *>(array.buffers[0]);
	return !validity || (validity[index / 8] >> (index % 8) & 1);
}

//! DuckDB's intervals have microseconds.
void CheckNanoseconds(const ArrowArray &array, const ArrowSchema &schema) {
	for (int64_t i = 0; i < array.n_children; i++) {
		CheckNanoseconds(*array.children[i], *schema.children[i]);
	}
	if (string(schema.format) != "tin") {
		return;
	}
	auto *intervals = static_cast<const ArrowInterval *>(array.buffers[1]);
	for (int64_t i = array.offset; i < array.offset + array.length; i++) {
		if (IsValid(array, i) && intervals[i].nanoseconds % Interval::NANOS_PER_MICRO != 0) {
			throw InvalidInputException("expected INTERVAL, got an interval of %d months, %d days and %d nanoseconds "
			                            "(not a whole number of microseconds)",
			                            intervals[i].months, intervals[i].days, intervals[i].nanoseconds);
		}
	}
}

//! The rows of an array that Python has brought into the layout's form.
class ArrowRows {
public:
	ArrowRows(ClientContext &context, const LogicalType &type)
	    : context(context), type(type), layout(context, {WithoutEnums(type)}) {
		FillSchema(layout, schema);
	}

	//! Needs the GIL.
	void Import(nb::handle array, idx_t expected_size) {
		ArrowSchemaWrapper wire_schema;
		FillSchema(layout, wire_schema);
		try {
			ArrowModule().attr("export_result")(array, nb::str(type.ToString().c_str()), AddressOf(&wire_schema.arrow_schema),
			                                    expected_size, AddressOf(&source->arrow_array));
		} catch (nb::python_error &error) {
			ToErrorData(error).Throw();
		}
		size = expected_size;
	}

	void Read(const ArrowSink &sink) {
		CheckNanoseconds(source->arrow_array, schema.arrow_schema);
		ArrowTableFunction::PopulateArrowTableSchema(context, table, schema.arrow_schema);
		// Once to see whether all fits, and once for the sink.
		if (table.GetTypes()[0] != type) {
			Scan([](Vector &, idx_t, idx_t) {});
		}
		Scan(sink);
	}

private:
	void Scan(const ArrowSink &sink) {
		auto shared = make_uniq<ArrowArrayWrapper>();
		ArrowScanLocalState state(std::move(shared), context);
		state.chunk = source;
		for (idx_t first = 0; first < size; first += STANDARD_VECTOR_SIZE) {
			auto count = MinValue<idx_t>(size - first, STANDARD_VECTOR_SIZE);
			DataChunk wire;
			wire.Initialize(Allocator::DefaultAllocator(), table.GetTypes());
			wire.SetCardinalityUnsafe(count);
			state.Reset();
			state.chunk_offset = first;
			Vector values(type);
			try {
				ArrowTableFunction::ArrowToDuckDB(state, table.GetColumns(), wire);
				Convert(wire.data[0], values, count);
			} catch (const std::exception &error) {
				throw InvalidInputException("expected %s: %s", type.ToString(), ErrorData(error).RawMessage());
			}
			sink(values, first, count);
		}
	}

	void Convert(Vector &wire, Vector &values, idx_t count) {
		if (Contains(wire.GetType(), LogicalTypeId::UNION)) {
			VisitVectors(wire, count, RestoreNullUnions);
		}
		if (wire.GetType() == type) {
			return values.Reference(wire);
		}
		VectorOperations::Cast(context, wire, values, count, true);
		CheckTexts(wire, values, count);
	}

	//! A text such as '1.5' would be rounded on its way to a HUGEINT; what is lost shows on the way back.
	void CheckTexts(Vector &wire, Vector &values, idx_t count) {
		if (!TypeVisitor::Contains(type, IsTextOnTheWire)) {
			return;
		}
		Vector back(wire.GetType(), count);
		VectorOperations::Cast(context, values, back, count, true);
		for (idx_t row = 0; row < count; row++) {
			auto given = wire.GetValue(row);
			auto kept = back.GetValue(row);
			if (!Value::NotDistinctFrom(given, kept)) {
				throw InvalidInputException("%s is not how DuckDB writes it, which is %s", given.ToSQLString(),
				                            kept.ToSQLString());
			}
		}
	}

	ClientContext &context;
	const LogicalType &type;
	const ArrowLayout layout;
	ArrowSchemaWrapper schema;
	shared_ptr<ArrowArrayWrapper> source = make_shared_ptr<ArrowArrayWrapper>();
	ArrowTableSchema table;
	idx_t size = 0;
};

} // namespace

ArrowLayout::ArrowLayout(ClientContext &context, vector<LogicalType> types_p)
    : types(std::move(types_p)), wire_types(WireTypes(types)), properties(PropertiesFor(context, types)) {
}

//===--------------------------------------------------------------------===//
// To Python
//===--------------------------------------------------------------------===//
ArrowBatch::ArrowBatch(ClientContext &context, vector<LogicalType> types)
    : context(context), layout(context, std::move(types)) {
}

ArrowBatch::~ArrowBatch() = default;

void ArrowBatch::Append(DataChunk &rows, idx_t from, idx_t to) {
	DataChunk slice;
	slice.InitializeEmpty(layout.types);
	slice.Slice(rows, from, to);
	AppendAll(slice);
}

void ArrowBatch::Append(DataChunk &rows, const SelectionVector &selection, idx_t count) {
	DataChunk slice;
	slice.InitializeEmpty(layout.types);
	slice.Slice(rows, selection, count);
	AppendAll(slice);
}

void ArrowBatch::AppendAll(DataChunk &rows) {
	if (!appender) {
		appender = std::make_unique<ArrowAppender>(layout.wire_types, rows.size(), layout.properties,
		                                           unordered_map<idx_t, const shared_ptr<ArrowTypeExtensionData>>());
	}
	auto count = rows.size();
	DataChunk wire;
	wire.InitializeEmpty(layout.wire_types);
	for (idx_t i = 0; i < layout.types.size(); i++) {
		if (Contains(layout.types[i], LogicalTypeId::INTERVAL)) {
			VisitVectors(rows.data[i], count, CheckIntervals);
		}
		if (layout.types[i] == layout.wire_types[i]) {
			wire.data[i].Reference(rows.data[i]);
			continue;
		}
		Vector cast(layout.wire_types[i], count);
		VectorOperations::Cast(context, rows.data[i], cast, count, true);
		wire.data[i].Reference(cast);
	}
	wire.SetCardinalityUnsafe(count);
	try {
		appender->Append(wire, 0, count, count);
	} catch (const InvalidInputException &) {
		// Some columns have the rows now, and others have not: there is no going on.
		throw OutOfRangeException("a batch of arguments is more than Arrow arrays hold (2 GB of text, or 2^31 list "
		                          "elements): give the function a smaller batch_size");
	}
	size += count;
}

idx_t ArrowBatch::Size() const {
	return size;
}

nb::list ArrowBatch::TakeArrays() {
	if (layout.types.empty()) {
		return nb::list();
	}
	if (!appender) {
		DataChunk none;
		none.Initialize(Allocator::DefaultAllocator(), layout.types);
		AppendAll(none);
	}
	ArrowSchemaWrapper schema;
	FillSchema(layout, schema);
	ArrowArrayWrapper array;
	array.arrow_array = appender->Finalize();
	appender.reset();
	size = 0;
	// Python empties both by taking them; if it fails, they are released here.
	return nb::cast<nb::list>(
	    ArrowModule().attr("import_columns")(AddressOf(&array.arrow_array), AddressOf(&schema.arrow_schema)));
}

void ReadArrowArray(ClientContext &context, nb::handle array, const LogicalType &type, idx_t expected_size,
                    const ArrowSink &sink) {
	ArrowRows rows(context, type);
	rows.Import(array, expected_size);
	nb::gil_scoped_release release;
	rows.Read(sink);
}

} // namespace cocosql
