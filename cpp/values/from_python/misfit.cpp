#include "values/from_python/misfit.hpp"

#include "values/from_python/objects.hpp"

namespace cocosql::from_python {

using namespace duckdb;

namespace {

//! Cuts between characters: the message must stay valid UTF-8.
std::string Shorten(const std::string &text) {
	constexpr size_t kMaximum = 100;
	if (text.size() <= kMaximum) {
		return text;
	}
	size_t end = kMaximum;
	while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
		end--;
	}
	return text.substr(0, end) + "...";
}

} // namespace

// ASCII, as a string may hold characters (lone surrogates) that UTF-8 does not have
std::string Repr(nb::handle object) {
	for (auto *repr : {PyObject_Repr, PyObject_ASCII}) {
		const auto text = nb::steal(repr(object.ptr()));
		if (text && PyUnicode_AsUTF8(text.ptr())) {
			return Shorten(TextOf(text));
		}
		PyErr_Clear();
	}
	return "?";
}

std::string Describe(nb::handle object) {
	if (object.is_none()) {
		return "None";
	}
	return std::string(Py_TYPE(object.ptr())->tp_name) + ": " + Repr(object);
}

std::string NameOf(const LogicalType &type) {
	return Shorten(type.ToString());
}

[[noreturn]] void Mismatch(const LogicalType &type, nb::handle object, const std::string &reason) {
	const std::string why = reason.empty() ? "" : " (" + reason + ")";
	throw Misfit("expected " + NameOf(type) + ", got " + Describe(object) + why);
}

[[noreturn]] void OutOfRange(const LogicalType &type, nb::handle object) {
	Mismatch(type, object, "out of range");
}

std::string ElementPath(size_t index) {
	return "[" + std::to_string(index) + "]";
}

} // namespace cocosql::from_python
