//! Objects into rows of flat vectors, by the vector's type. All throw a Misfit for an object that does not fit.
#pragma once

#include "duckdb/common/vector/flat_vector.hpp"
#include "values/values.hpp"

#include <string>

namespace cocosql::from_python {

//! An object of any kind, None among them, into a vector of any type.
void Write(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteNull(duckdb::Vector &vector, duckdb::idx_t row);
//! The value of an enum's member, the Python object of a scalar of NumPy; any other object as it is.
nb::object Unwrapped(nb::handle object);

template <class T>
void Set(duckdb::Vector &vector, duckdb::idx_t row, T value) {
	duckdb::FlatVector::GetDataMutable<T>(vector)[row] = value;
}

//===--------------------------------------------------------------------===//
// One family of types, from objects that are not None and not wrapped
//===--------------------------------------------------------------------===//
void WriteBool(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
template <class T>
void WriteSigned(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
template <class T>
void WriteUnsigned(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteHugeint(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteUhugeint(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteBignum(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
template <class T>
void WriteFloat(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteDecimal(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);

void WriteText(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteBlob(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteGeometry(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteBits(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteEnum(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteUuid(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);

void WriteDate(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteTime(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row, int64_t units_per_micro);
void WriteTimeTz(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
//! The vector's unit is micros * multiplier / divisor.
void WriteTimestamp(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row, bool aware, int64_t multiplier,
                    int64_t divisor);
void WriteInterval(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);

void WriteList(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteArray(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteStruct(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteTuple(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteMap(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteUnion(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);
void WriteVariant(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);

//===--------------------------------------------------------------------===//
// What families share
//===--------------------------------------------------------------------===//
//! Bytes of a VARCHAR, BLOB, or another type that is stored so.
void WriteString(const char *data, size_t size, duckdb::Vector &vector, duckdb::idx_t row);
void WriteString(const std::string &text, duckdb::Vector &vector, duckdb::idx_t row);
//! False: the integer is negative or has more than 128 bits.
bool ToUhugeint(nb::handle integer, duckdb::uhugeint_t &result);

//! The SQL type of an int by itself.
duckdb::LogicalType IntegerTypeOf(nb::handle integer);
//! The SQL type of a decimal.Decimal by itself; a Misfit if it has too many digits.
duckdb::LogicalType DecimalTypeOf(nb::handle decimal);
//! The SQL type of a date, time, datetime, timedelta or Interval by itself; INVALID for any other object.
duckdb::LogicalType TimeTypeOf(nb::handle object);

//! To be called before what reads objects of the module datetime.
void ImportTimes();

} // namespace cocosql::from_python
