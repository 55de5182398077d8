#include "values/from_python/write.hpp"

#include "duckdb/common/vector/array_vector.hpp"
#include "duckdb/common/vector/struct_vector.hpp"
#include "values/from_python/misfit.hpp"
#include "values/from_python/numpy.hpp"
#include "values/from_python/objects.hpp"

namespace cocosql::from_python {

using namespace duckdb;

namespace {

void WriteNulls(Vector &vector, idx_t first, idx_t count) {
	for (idx_t i = 0; i < count; i++) {
		WriteNull(vector, first + i);
	}
}

void WriteValid(nb::handle object, Vector &vector, idx_t row) {
	switch (vector.GetType().id()) {
	case LogicalTypeId::BOOLEAN:
		return WriteBool(object, vector, row);
	case LogicalTypeId::TINYINT:
		return WriteSigned<int8_t>(object, vector, row);
	case LogicalTypeId::SMALLINT:
		return WriteSigned<int16_t>(object, vector, row);
	case LogicalTypeId::INTEGER:
		return WriteSigned<int32_t>(object, vector, row);
	case LogicalTypeId::BIGINT:
		return WriteSigned<int64_t>(object, vector, row);
	case LogicalTypeId::UTINYINT:
		return WriteUnsigned<uint8_t>(object, vector, row);
	case LogicalTypeId::USMALLINT:
		return WriteUnsigned<uint16_t>(object, vector, row);
	case LogicalTypeId::UINTEGER:
		return WriteUnsigned<uint32_t>(object, vector, row);
	case LogicalTypeId::UBIGINT:
		return WriteUnsigned<uint64_t>(object, vector, row);
	case LogicalTypeId::HUGEINT:
		return WriteHugeint(object, vector, row);
	case LogicalTypeId::UHUGEINT:
		return WriteUhugeint(object, vector, row);
	case LogicalTypeId::BIGNUM:
		return WriteBignum(object, vector, row);
	case LogicalTypeId::FLOAT:
		return WriteFloat<float>(object, vector, row);
	case LogicalTypeId::DOUBLE:
		return WriteFloat<double>(object, vector, row);
	case LogicalTypeId::DECIMAL:
		return WriteDecimal(object, vector, row);
	case LogicalTypeId::VARCHAR:
	case LogicalTypeId::CHAR:
		return WriteText(object, vector, row);
	case LogicalTypeId::ENUM:
		return WriteEnum(object, vector, row);
	case LogicalTypeId::BIT:
		return WriteBits(object, vector, row);
	case LogicalTypeId::BLOB:
		return WriteBlob(object, vector, row);
	case LogicalTypeId::UUID:
		return WriteUuid(object, vector, row);
	case LogicalTypeId::DATE:
		return WriteDate(object, vector, row);
	case LogicalTypeId::TIME:
		return WriteTime(object, vector, row, 1);
	case LogicalTypeId::TIME_NS:
		return WriteTime(object, vector, row, 1000);
	case LogicalTypeId::TIME_TZ:
		return WriteTimeTz(object, vector, row);
	case LogicalTypeId::TIMESTAMP:
		return WriteTimestamp(object, vector, row, false, 1, 1);
	case LogicalTypeId::TIMESTAMP_SEC:
		return WriteTimestamp(object, vector, row, false, 1, 1000000);
	case LogicalTypeId::TIMESTAMP_MS:
		return WriteTimestamp(object, vector, row, false, 1, 1000);
	case LogicalTypeId::TIMESTAMP_NS:
		return WriteTimestamp(object, vector, row, false, 1000, 1);
	case LogicalTypeId::TIMESTAMP_TZ:
		return WriteTimestamp(object, vector, row, true, 1, 1);
	case LogicalTypeId::TIMESTAMP_TZ_NS:
		return WriteTimestamp(object, vector, row, true, 1000, 1);
	case LogicalTypeId::INTERVAL:
		return WriteInterval(object, vector, row);
	case LogicalTypeId::LIST:
		return WriteList(object, vector, row);
	case LogicalTypeId::ARRAY:
		return WriteArray(object, vector, row);
	case LogicalTypeId::STRUCT:
		return WriteStruct(object, vector, row);
	case LogicalTypeId::TUPLE:
		return WriteTuple(object, vector, row);
	case LogicalTypeId::MAP:
		return WriteMap(object, vector, row);
	case LogicalTypeId::UNION:
		return WriteUnion(object, vector, row);
	case LogicalTypeId::GEOMETRY:
		return WriteGeometry(object, vector, row);
	case LogicalTypeId::VARIANT:
		return WriteVariant(object, vector, row);
	case LogicalTypeId::SQLNULL:
		Mismatch(vector.GetType(), object);
	default:
		throw Misfit("Python objects cannot be converted to " + NameOf(vector.GetType()));
	}
}

//! Objects that need no second look
bool IsPlain(nb::handle object) {
	auto *type = Py_TYPE(object.ptr());
	return type == &PyLong_Type || type == &PyFloat_Type || type == &PyUnicode_Type || type == &PyList_Type ||
	       type == &PyDict_Type || type == &PyBool_Type || type == &PyTuple_Type || type == &PyBytes_Type;
}

//! An object as the conversions take it: without an enum or NumPy around it
nb::object Prepared(nb::handle object, const LogicalType &type) {
	auto plain = Unwrapped(object);
	const bool member = type.id() == LogicalTypeId::ENUM && IsOf(object, FindClass(PythonClass::ENUM));
	return member ? Checked(PyObject_Str(plain.ptr())) : plain; // its ENUM has the texts of the values
}

void WriteUnwrapped(nb::handle object, Vector &vector, idx_t row) {
	const auto plain = Prepared(object, vector.GetType());
	if (plain.is_none()) {
		return WriteNull(vector, row);
	}
	try {
		WriteValid(plain, vector, row);
	} catch (Misfit &misfit) {
		if (!plain.is(object) && misfit.path.empty()) {
			misfit.message += " (of " + std::string(Py_TYPE(object.ptr())->tp_name) + ")";
		}
		throw;
	}
}

} // namespace

// Nested values leave no uninitialized strings and lists behind a NULL, as some code looks at them all the same
void WriteNull(Vector &vector, idx_t row) {
	FlatVector::ValidityMutable(vector).SetInvalid(row);
	const auto &type = vector.GetType();
	switch (type.InternalType()) {
	case PhysicalType::VARCHAR:
		return Set(vector, row, string_t());
	case PhysicalType::LIST:
		return Set(vector, row, list_entry_t(0, 0));
	case PhysicalType::ARRAY: {
		const auto length = ArrayType::GetSize(type);
		return WriteNulls(ArrayVector::GetChildMutable(vector), row * length, length);
	}
	case PhysicalType::STRUCT:
		for (auto &child : StructVector::GetEntries(vector)) {
			WriteNull(child, row);
		}
		return;
	default:
		return;
	}
}

void Write(nb::handle object, Vector &vector, idx_t row) {
	if (object.is_none()) {
		return WriteNull(vector, row);
	}
	FlatVector::ValidityMutable(vector).SetValid(row);
	if (IsPlain(object)) {
		return WriteValid(object, vector, row);
	}
	WriteUnwrapped(object, vector, row);
}

nb::object Unwrapped(nb::handle object) {
	if (IsOf(object, FindClass(PythonClass::ENUM))) {
		return object.attr("value");
	}
	return IsNumpy(object) ? UnwrappedNumpy(object) : nb::borrow(object);
}

} // namespace cocosql::from_python
