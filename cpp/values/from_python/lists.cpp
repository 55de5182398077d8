// LIST and ARRAY.
#include "duckdb/common/vector/array_vector.hpp"
#include "values/from_python/float_buffer.hpp"
#include "values/from_python/lists.hpp"
#include "values/from_python/misfit.hpp"
#include "values/from_python/numpy.hpp"

#include <cmath>

namespace cocosql::from_python {

using namespace duckdb;

namespace {

//! True: all elements were floats and are written
template <class T>
bool WriteFloats(nb::handle sequence, T *target, size_t count) {
	auto **items = PySequence_Fast_ITEMS(sequence.ptr());
	for (size_t i = 0; i < count; i++) {
		if (!PyFloat_CheckExact(items[i])) {
			return false;
		}
		target[i] = static_cast<T>(PyFloat_AS_DOUBLE(items[i]));
		if (std::isinf(target[i]) && !std::isinf(PyFloat_AS_DOUBLE(items[i]))) {
			return false; // the general way has the message
		}
	}
	return true;
}

bool WriteFloats(nb::handle sequence, size_t count, Vector &child, idx_t first) {
	switch (child.GetType().id()) {
	case LogicalTypeId::FLOAT:
		return WriteFloats(sequence, FlatVector::GetDataMutable<float>(child) + first, count);
	case LogicalTypeId::DOUBLE:
		return WriteFloats(sequence, FlatVector::GetDataMutable<double>(child) + first, count);
	default:
		return false;
	}
}

//! Writes the elements one after the other from the child's row first; conversions may run Python code, which may
//! change the list
void WriteElements(nb::handle sequence, size_t count, Vector &child, idx_t first) {
	if (WriteFloats(sequence, count, child, first)) {
		return SetAllValid(child, first, count);
	}
	for (size_t i = 0; i < count; i++) {
		if (static_cast<size_t>(PySequence_Fast_GET_SIZE(sequence.ptr())) != count) {
			throw Misfit("the list changed its size while it was read");
		}
		const auto element = nb::borrow(PySequence_Fast_GET_ITEM(sequence.ptr(), static_cast<Py_ssize_t>(i)));
		Within([i] { return ElementPath(i); }, [&] { Write(element, child, first + i); });
	}
}

bool WriteFloatBuffer(const FloatBuffer &buffer, Vector &child, idx_t first) {
	if (child.GetType().id() == LogicalTypeId::FLOAT) {
		return buffer.CopyTo(FlatVector::GetDataMutable<float>(child) + first);
	}
	return buffer.CopyTo(FlatVector::GetDataMutable<double>(child) + first);
}

void CopyBuffer(const FloatBuffer &buffer, Vector &child, idx_t first) {
	if (!WriteFloatBuffer(buffer, child, first)) {
		throw Misfit("expected " + NameOf(child.GetType()) + ", got a number that is out of range");
	}
	SetAllValid(child, first, buffer.Size());
}

bool IsFloat(const LogicalType &type) {
	return type.id() == LogicalTypeId::FLOAT || type.id() == LogicalTypeId::DOUBLE;
}

template <class FUNCTION>
bool TryFloatBuffer(nb::handle object, const LogicalType &element, FUNCTION &&write) {
	if (!IsFloat(element) || PyList_Check(object.ptr()) || PyTuple_Check(object.ptr())) {
		return false;
	}
	const FloatBuffer buffer(object);
	if (!buffer) {
		return false;
	}
	write(buffer);
	return true;
}

void CheckLength(size_t count, nb::handle object, const LogicalType &type) {
	if (count != ArrayType::GetSize(type)) {
		Mismatch(type, object, std::to_string(count) + " elements");
	}
}

} // namespace

void SetAllValid(Vector &vector, idx_t first, idx_t count) {
	auto &validity = FlatVector::ValidityMutable(vector);
	if (validity.CanHaveNull()) {
		for (idx_t i = 0; i < count; i++) {
			validity.SetValid(first + i);
		}
	}
}

nb::object AsSequence(nb::handle object, const LogicalType &type) {
	if (PyList_Check(object.ptr()) || PyTuple_Check(object.ptr())) {
		return nb::borrow(object);
	}
	if (!IsArrayLike(object)) {
		Mismatch(type, object);
	}
	return ElementsOf(object);
}

void WriteList(nb::handle object, Vector &vector, idx_t row) {
	const auto &element = ListType::GetChildType(vector.GetType());
	const bool written = TryFloatBuffer(object, element, [&](const auto &buffer) {
		AppendToList(vector, row, buffer.Size(),
		             [&](Vector &child, idx_t first) { CopyBuffer(buffer, child, first); });
	});
	if (written) {
		return;
	}
	const auto sequence = AsSequence(object, vector.GetType());
	const auto count = static_cast<size_t>(PySequence_Fast_GET_SIZE(sequence.ptr()));
	AppendToList(vector, row, count,
	             [&](Vector &child, idx_t first) { WriteElements(sequence, count, child, first); });
}

void WriteArray(nb::handle object, Vector &vector, idx_t row) {
	const auto &type = vector.GetType();
	auto &child = ArrayVector::GetChildMutable(vector);
	const auto first = row * ArrayType::GetSize(type);
	const bool written = TryFloatBuffer(object, child.GetType(), [&](const auto &buffer) {
		CheckLength(buffer.Size(), object, type);
		CopyBuffer(buffer, child, first);
	});
	if (written) {
		return;
	}
	const auto sequence = AsSequence(object, type);
	const auto count = static_cast<size_t>(PySequence_Fast_GET_SIZE(sequence.ptr()));
	CheckLength(count, object, type);
	WriteElements(sequence, count, child, first);
}

} // namespace cocosql::from_python
