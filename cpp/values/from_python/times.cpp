// Dates, times, points in time and intervals.
#include "duckdb/common/types/date.hpp"
#include "duckdb/common/types/interval.hpp"
#include "duckdb/common/types/time.hpp"
#include "duckdb/common/types/timestamp.hpp"
#include "values/datetime.hpp"
#include "values/from_python/misfit.hpp"
#include "values/from_python/numpy.hpp"
#include "values/from_python/objects.hpp"
#include "values/from_python/write.hpp"

#include <limits>

namespace cocosql::from_python {

using namespace duckdb;

namespace {

constexpr int64_t kMicrosPerSecond = 1000000;
constexpr int64_t kSecondsPerDay = 86400;

int32_t DayNumber(nb::handle date) {
	return Date::FromDate(PyDateTime_GET_YEAR(date.ptr()), PyDateTime_GET_MONTH(date.ptr()),
	                      PyDateTime_GET_DAY(date.ptr()))
	    .days;
}

int64_t DeltaMicros(nb::handle delta) {
	const int64_t days = PyDateTime_DELTA_GET_DAYS(delta.ptr());
	const int64_t seconds = days * kSecondsPerDay + PyDateTime_DELTA_GET_SECONDS(delta.ptr());
	return seconds * kMicrosPerSecond + PyDateTime_DELTA_GET_MICROSECONDS(delta.ptr());
}

//! The offset from UTC in microseconds. Throws if the object has one and should not, or the other way round.
int64_t UtcOffset(nb::handle object, bool aware, const LogicalType &type) {
	const nb::object offset = object.attr("utcoffset")();
	if (offset.is_none() == aware) {
		Mismatch(type, object, aware ? "without a time zone" : "with a time zone");
	}
	if (aware && !PyDelta_Check(offset.ptr())) { // a subclass may answer anything
		Mismatch(type, object);
	}
	return aware ? DeltaMicros(offset) : 0;
}

int64_t TimeMicros(nb::handle object, const LogicalType &type) {
	if (!PyTime_Check(object.ptr())) {
		Mismatch(type, object);
	}
	auto *time = object.ptr();
	const int64_t minutes = PyDateTime_TIME_GET_HOUR(time) * 60 + PyDateTime_TIME_GET_MINUTE(time);
	const int64_t seconds = minutes * 60 + PyDateTime_TIME_GET_SECOND(time);
	return seconds * kMicrosPerSecond + PyDateTime_TIME_GET_MICROSECOND(time);
}

// A subclass may be finer than microseconds (pandas.Timestamp) or no point in time at all (pandas.NaT)
void CheckSubclass(nb::handle object, const LogicalType &type) {
	if (PyDateTime_CheckExact(object.ptr())) {
		return;
	}
	const auto nanos = FindAttribute(object, "nanosecond");
	if (nanos.is_valid() && CheckedStatus(PyObject_RichCompareBool(nanos.ptr(), nb::int_(0).ptr(), Py_NE))) {
		Mismatch(type, object, "not a whole number of microseconds");
	}
}

int64_t EpochMicros(nb::handle object, bool aware, const LogicalType &type) {
	if (!PyDateTime_Check(object.ptr())) {
		Mismatch(type, object);
	}
	CheckSubclass(object, type);
	auto *stamp = object.ptr();
	const int64_t minutes = PyDateTime_DATE_GET_HOUR(stamp) * 60 + PyDateTime_DATE_GET_MINUTE(stamp);
	const int64_t seconds = DayNumber(object) * kSecondsPerDay + minutes * 60 + PyDateTime_DATE_GET_SECOND(stamp);
	return seconds * kMicrosPerSecond + PyDateTime_DATE_GET_MICROSECOND(stamp) - UtcOffset(object, aware, type);
}

const char *NumpyDtype(LogicalTypeId type) {
	switch (type) {
	case LogicalTypeId::TIMESTAMP_SEC:
		return "datetime64[s]";
	case LogicalTypeId::TIMESTAMP_MS:
		return "datetime64[ms]";
	case LogicalTypeId::TIMESTAMP_NS:
		return "datetime64[ns]";
	default:
		return "datetime64[us]";
	}
}

void WriteNumpyTimestamp(nb::handle object, Vector &vector, idx_t row, bool aware) {
	const auto &type = vector.GetType();
	if (aware) {
		Mismatch(type, object, "without a time zone");
	}
	const auto value = NumpyUnits(object, NumpyDtype(type.id()), type);
	if (!timestamp_t(value).IsFinite()) {
		OutOfRange(type, object);
	}
	Set<int64_t>(vector, row, value);
}

template <class T>
T IntervalField(nb::handle interval, const char *name, const LogicalType &type) {
	const auto integer = AsInteger(interval.attr(name), type);
	int overflow = 0;
	const auto value = PyLong_AsLongLongAndOverflow(integer.ptr(), &overflow);
	if (overflow != 0 || value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
		OutOfRange(type, interval);
	}
	return static_cast<T>(value);
}

//! Days and less like a timedelta; months stay months
interval_t FromTimedelta64(nb::handle object, const LogicalType &type) {
	const auto dtype = TextOf(nb::object(object.attr("dtype").attr("str")));
	if (dtype.find('[') == std::string::npos) {
		Mismatch(type, object, "without a unit");
	}
	interval_t interval {};
	if (dtype.find("[M]") != std::string::npos || dtype.find("[Y]") != std::string::npos) {
		const auto months = NumpyUnits(object, "timedelta64[M]", type);
		interval.months = static_cast<int32_t>(months);
		if (interval.months != months) {
			OutOfRange(type, object);
		}
		return interval;
	}
	constexpr int64_t kMicrosPerDay = kSecondsPerDay * kMicrosPerSecond;
	const auto micros = NumpyUnits(object, "timedelta64[us]", type);
	interval.micros = (micros % kMicrosPerDay + kMicrosPerDay) % kMicrosPerDay;
	interval.days = static_cast<int32_t>((micros - interval.micros) / kMicrosPerDay);
	return interval;
}

interval_t ToInterval(nb::handle object, const LogicalType &type) {
	if (IsNumpyTime(object, "m")) {
		return FromTimedelta64(object, type);
	}
	interval_t interval {};
	if (PyDelta_Check(object.ptr())) {
		interval.days = PyDateTime_DELTA_GET_DAYS(object.ptr());
		interval.micros = PyDateTime_DELTA_GET_SECONDS(object.ptr()) * kMicrosPerSecond +
		                  PyDateTime_DELTA_GET_MICROSECONDS(object.ptr());
		return interval;
	}
	if (!IsInstance(object, FindClass(PythonClass::INTERVAL))) {
		Mismatch(type, object);
	}
	interval.months = IntervalField<int32_t>(object, "months", type);
	interval.days = IntervalField<int32_t>(object, "days", type);
	interval.micros = IntervalField<int64_t>(object, "microseconds", type);
	return interval;
}

bool IsAware(nb::handle object) {
	return !nb::object(object.attr("utcoffset")()).is_none();
}

} // namespace

void WriteDate(nb::handle object, Vector &vector, idx_t row) {
	if (IsNumpyTime(object, "M")) {
		const auto days = NumpyUnits(object, "datetime64[D]", vector.GetType());
		if (days != static_cast<int32_t>(days) || !Value::IsFinite(date_t(static_cast<int32_t>(days)))) {
			OutOfRange(vector.GetType(), object);
		}
		return Set(vector, row, date_t(static_cast<int32_t>(days)));
	}
	if (!PyDate_Check(object.ptr()) || PyDateTime_Check(object.ptr())) {
		Mismatch(vector.GetType(), object);
	}
	Set(vector, row, date_t(DayNumber(object)));
}

void WriteTime(nb::handle object, Vector &vector, idx_t row, int64_t units_per_micro) {
	const auto micros = TimeMicros(object, vector.GetType());
	UtcOffset(object, false, vector.GetType());
	Set<int64_t>(vector, row, micros * units_per_micro);
}

void WriteTimeTz(nb::handle object, Vector &vector, idx_t row) {
	const auto &type = vector.GetType();
	const auto micros = TimeMicros(object, type);
	const auto offset = UtcOffset(object, true, type);
	const auto seconds = offset / kMicrosPerSecond;
	if (offset % kMicrosPerSecond != 0 || std::abs(seconds) > dtime_tz_t::MAX_OFFSET) {
		OutOfRange(type, object);
	}
	Set(vector, row, dtime_tz_t(dtime_t(micros), static_cast<int32_t>(seconds)));
}

void WriteTimestamp(nb::handle object, Vector &vector, idx_t row, bool aware, int64_t multiplier, int64_t divisor) {
	const auto &type = vector.GetType();
	if (IsNumpyTime(object, "M")) {
		return WriteNumpyTimestamp(object, vector, row, aware);
	}
	const auto micros = EpochMicros(object, aware, type);
	if (micros % divisor != 0) {
		Mismatch(type, object, "too fine");
	}
	int64_t value;
	if (__builtin_mul_overflow(micros / divisor, multiplier, &value) || !timestamp_t(value).IsFinite()) {
		OutOfRange(type, object);
	}
	Set<int64_t>(vector, row, value);
}

void WriteInterval(nb::handle object, Vector &vector, idx_t row) {
	Set(vector, row, ToInterval(object, vector.GetType()));
}

LogicalType TimeTypeOf(nb::handle object) {
	if (PyDateTime_Check(object.ptr())) {
		return IsAware(object) ? LogicalType::TIMESTAMP_TZ : LogicalType::TIMESTAMP;
	}
	if (PyTime_Check(object.ptr())) {
		return IsAware(object) ? LogicalType::TIME_TZ : LogicalType::TIME;
	}
	if (PyDate_Check(object.ptr())) {
		return LogicalType::DATE;
	}
	const bool interval = PyDelta_Check(object.ptr()) || IsOf(object, FindClass(PythonClass::INTERVAL));
	return interval ? LogicalType::INTERVAL : LogicalType::INVALID;
}

void ImportTimes() {
	ImportDatetime();
}

} // namespace cocosql::from_python
