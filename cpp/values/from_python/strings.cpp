// What DuckDB keeps as a string: VARCHAR and JSON, BLOB, GEOMETRY, BIT; and ENUM, whose values are texts.
#include "duckdb/common/error_data.hpp"
#include "duckdb/common/types/bit.hpp"
#include "duckdb/common/types/geometry.hpp"
#include "duckdb/common/vector/string_vector.hpp"
#include "values/from_python/misfit.hpp"
#include "values/from_python/objects.hpp"
#include "values/from_python/write.hpp"
#include "values/json.hpp"

#include <limits>

namespace cocosql::from_python {

using namespace duckdb;

namespace {

nb::object AsBytes(nb::handle object, const LogicalType &type) {
	if (PyBytes_Check(object.ptr())) {
		return nb::borrow(object);
	}
	if (!PyByteArray_Check(object.ptr()) && !PyMemoryView_Check(object.ptr())) {
		Mismatch(type, object);
	}
	return Checked(PyBytes_FromObject(object.ptr()));
}

} // namespace

void WriteString(const char *data, size_t size, Vector &vector, idx_t row) {
	if (size > std::numeric_limits<uint32_t>::max()) {
		throw Misfit("a value of " + std::to_string(size) + " bytes is too long for DuckDB");
	}
	Set(vector, row, StringVector::AddStringOrBlob(vector, data, size));
}

void WriteString(const std::string &text, Vector &vector, idx_t row) {
	WriteString(text.data(), text.size(), vector, row);
}

void WriteText(nb::handle object, Vector &vector, idx_t row) {
	const auto text = AsText(object, vector.GetType());
	Py_ssize_t size = 0;
	const char *data = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
	if (!data) {
		throw nb::python_error();
	}
	if (vector.GetType().IsJSONType()) {
		const auto why = WhyNotJson(data, static_cast<size_t>(size));
		if (!why.empty()) {
			Mismatch(vector.GetType(), object, why);
		}
	}
	WriteString(data, static_cast<size_t>(size), vector, row);
}

void WriteBlob(nb::handle object, Vector &vector, idx_t row) {
	const auto bytes = AsBytes(object, vector.GetType());
	WriteString(PyBytes_AS_STRING(bytes.ptr()), static_cast<size_t>(PyBytes_GET_SIZE(bytes.ptr())), vector, row);
}

// Well-known binary, as reading one gives
void WriteGeometry(nb::handle object, Vector &vector, idx_t row) {
	const auto bytes = AsBytes(object, vector.GetType());
	if (static_cast<size_t>(PyBytes_GET_SIZE(bytes.ptr())) > std::numeric_limits<uint32_t>::max()) {
		OutOfRange(vector.GetType(), object);
	}
	const string_t blob(PyBytes_AS_STRING(bytes.ptr()), static_cast<uint32_t>(PyBytes_GET_SIZE(bytes.ptr())));
	string_t geometry;
	try {
		Geometry::FromBinary(blob, geometry, StringVector::GetStringHeap(vector), true);
	} catch (const Exception &error) {
		Mismatch(vector.GetType(), object, ErrorData(error).RawMessage());
	}
	// The result may be the given bytes themselves
	Set(vector, row, StringVector::AddStringOrBlob(vector, geometry));
}

void WriteBits(nb::handle object, Vector &vector, idx_t row) {
	const auto text = TextOf(AsText(object, vector.GetType()));
	if (text.empty() || text.find_first_not_of("01") != std::string::npos) {
		Mismatch(vector.GetType(), object, "a string of 0s and 1s is needed");
	}
	WriteString(Bit::ToBit(string_t(text)), vector, row);
}

void WriteEnum(nb::handle object, Vector &vector, idx_t row) {
	const auto text = TextOf(AsText(object, vector.GetType()));
	const auto position = EnumType::GetPos(vector.GetType(), string_t(text));
	if (position < 0) {
		Mismatch(vector.GetType(), object);
	}
	switch (vector.GetType().InternalType()) {
	case PhysicalType::UINT8:
		return Set<uint8_t>(vector, row, static_cast<uint8_t>(position));
	case PhysicalType::UINT16:
		return Set<uint16_t>(vector, row, static_cast<uint16_t>(position));
	default:
		return Set<uint32_t>(vector, row, static_cast<uint32_t>(position));
	}
}

} // namespace cocosql::from_python
