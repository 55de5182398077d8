#include "python/ends.hpp"

#include <nanobind/nanobind.h>

namespace cocosql {

namespace nb = nanobind;

//! Whoever asks for the GIL while the interpreter shuts down never gets it.
static bool IsFinalizing() {
#if PY_VERSION_HEX >= 0x030D0000
	return Py_IsFinalizing();
#else
	return _Py_IsFinalizing();
#endif
}

void TellPythonOfEnd(const char *module, const char *function, int64_t number) {
	if (!Py_IsInitialized() || IsFinalizing()) {
		return;
	}
	nb::gil_scoped_acquire gil;
	try {
		nb::module_::import_(module).attr(function)(number);
	} catch (nb::python_error &) {
		// The interpreter is shutting down and has let go of the module already.
	}
}

} // namespace cocosql
