//! Floating-point numbers of an array, copied without an object for each.
#pragma once

#include "values/from_python/numpy.hpp"
#include "values/from_python/objects.hpp"

#include <cmath>
#include <cstring>

namespace cocosql::from_python {

//! The one-dimensional buffer of floating-point numbers of an object, if it has one.
class FloatBuffer {
public:
	explicit FloatBuffer(nb::handle object) {
		if (!PyObject_CheckBuffer(object.ptr())) {
			return;
		}
		if (PyObject_GetBuffer(object.ptr(), &view, PyBUF_FORMAT | PyBUF_STRIDES) != 0) {
			PyErr_Clear();
			return;
		}
		if (IsNumpyArray(object) && FindAttribute(object, "mask").is_valid()) {
			return; // its buffer has values behind the mask
		}
		const std::string format = view.format ? view.format : "B";
		single = format == "f" && view.itemsize == sizeof(float);
		usable = view.ndim == 1 && (single || (format == "d" && view.itemsize == sizeof(double)));
	}

	FloatBuffer(const FloatBuffer &) = delete;
	FloatBuffer &operator=(const FloatBuffer &) = delete;

	~FloatBuffer() {
		PyBuffer_Release(&view); // of a view never filled: does nothing
	}

	explicit operator bool() const {
		return usable;
	}

	size_t Size() const {
		return static_cast<size_t>(view.shape[0]);
	}

	//! False: a number that only double can hold
	template <class T>
	bool CopyTo(T *target) const {
		const auto stride = view.strides[0];
		if (sizeof(T) == static_cast<size_t>(view.itemsize) && stride == view.itemsize) {
			std::memcpy(target, view.buf, Size() * sizeof(T));
			return true;
		}
		return single ? CopyEach<float>(target) : CopyEach<double>(target);
	}

private:
	template <class S, class T>
	bool CopyEach(T *target) const {
		const auto *source = static_cast<const char *>(view.buf);
		for (size_t i = 0; i < Size(); i++, source += view.strides[0]) {
			S value;
			std::memcpy(&value, source, sizeof(S));
			target[i] = static_cast<T>(value);
			if (std::isinf(target[i]) && !std::isinf(value)) {
				return false;
			}
		}
		return true;
	}

	Py_buffer view {};
	bool usable = false;
	bool single = false;
};

} // namespace cocosql::from_python
