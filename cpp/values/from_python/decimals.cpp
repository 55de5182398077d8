// DECIMAL, from decimal.Decimal and int.
#include "duckdb/common/types/decimal.hpp"
#include "duckdb/common/types/hugeint.hpp"
#include "values/from_python/misfit.hpp"
#include "values/from_python/objects.hpp"
#include "values/from_python/write.hpp"

#include <algorithm>

namespace cocosql::from_python {

using namespace duckdb;

namespace {

//! A decimal as its digits, without leading zeros, and the power of ten to multiply them with
struct Digits {
	bool negative = false;
	std::string digits;
	int64_t exponent = 0;
};

Digits SplitDecimal(nb::handle object, const LogicalType &type) {
	const nb::object tuple = object.attr("as_tuple")();
	const nb::object exponent = tuple.attr("exponent");
	if (!PyLong_Check(exponent.ptr())) {
		Mismatch(type, object, "not a finite number");
	}
	Digits result;
	result.negative = nb::cast<int>(tuple.attr("sign")) != 0;
	result.exponent = nb::cast<int64_t>(exponent);
	for (const nb::handle digit : nb::cast<nb::tuple>(tuple.attr("digits"))) {
		const auto value = nb::cast<int>(digit);
		if (value != 0 || !result.digits.empty()) {
			result.digits.push_back(static_cast<char>('0' + value));
		}
	}
	return result;
}

//! The digits of the number times 10^scale; throws if it has more decimals, or more digits than fit
std::string ScaleDigits(Digits number, uint8_t width, uint8_t scale, nb::handle object, const LogicalType &type) {
	if (number.digits.empty()) {
		return number.digits;
	}
	const int64_t shift = number.exponent + scale;
	if (shift > width) {
		OutOfRange(type, object);
	}
	if (shift >= 0) {
		number.digits.append(static_cast<size_t>(shift), '0');
	}
	for (int64_t i = shift; i < 0; i++) {
		if (number.digits.back() != '0') { // a nonzero digit remains, so they never run out
			Mismatch(type, object, "too many decimals");
		}
		number.digits.pop_back();
	}
	if (number.digits.size() > width) {
		OutOfRange(type, object);
	}
	return number.digits;
}

hugeint_t ParseDigits(const Digits &number, const std::string &digits) {
	__int128 value = 0;
	for (const char digit : digits) {
		value = value * 10 + (digit - '0');
	}
	value = number.negative ? -value : value;
	return hugeint_t(static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value));
}

void SetDecimal(Vector &vector, idx_t row, const hugeint_t &value) {
	switch (vector.GetType().InternalType()) {
	case PhysicalType::INT16:
		return Set<int16_t>(vector, row, static_cast<int16_t>(value.lower));
	case PhysicalType::INT32:
		return Set<int32_t>(vector, row, static_cast<int32_t>(value.lower));
	case PhysicalType::INT64:
		return Set<int64_t>(vector, row, static_cast<int64_t>(value.lower));
	default:
		return Set<hugeint_t>(vector, row, value);
	}
}

} // namespace

void WriteDecimal(nb::handle object, Vector &vector, idx_t row) {
	const auto &type = vector.GetType();
	const auto decimal = FindClass(PythonClass::DECIMAL);
	const auto number =
	    IsInstance(object, decimal) ? nb::borrow(object) : nb::object(decimal(AsInteger(object, type)));
	const auto digits = SplitDecimal(number, type);
	const auto width = DecimalType::GetWidth(type);
	const auto scale = DecimalType::GetScale(type);
	SetDecimal(vector, row, ParseDigits(digits, ScaleDigits(digits, width, scale, object, type)));
}

LogicalType DecimalTypeOf(nb::handle decimal) {
	const auto digits = SplitDecimal(decimal, LogicalType::VARIANT());
	const auto scale = std::max<int64_t>(0, -digits.exponent);
	const auto width = std::max<int64_t>(
	    {scale, static_cast<int64_t>(digits.digits.size()) + std::max<int64_t>(0, digits.exponent), 1});
	if (width > Decimal::MAX_WIDTH_DECIMAL) {
		OutOfRange(LogicalType::VARIANT(), decimal);
	}
	return LogicalType::DECIMAL(static_cast<uint8_t>(width), static_cast<uint8_t>(scale));
}

} // namespace cocosql::from_python
