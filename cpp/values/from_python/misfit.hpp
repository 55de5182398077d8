//! An object that does not fit its SQL type, and what the message says of it.
#pragma once

#include "values/values.hpp"

#include <exception>
#include <string>

namespace cocosql::from_python {

//! The message; the place within nested values is put before it on the way up.
struct Misfit : std::exception {
	explicit Misfit(std::string message) : message(std::move(message)) {
	}

	const char *what() const noexcept override {
		return message.c_str();
	}

	std::string Text() const {
		return path.empty() ? message : "at " + path + ": " + message;
	}

	std::string message;
	//! Such as .field[3]; empty for the object as a whole.
	std::string path;
};

//! Python's repr of an object, shortened.
std::string Repr(nb::handle object);
//! An object with its Python type: "int: 5".
std::string Describe(nb::handle object);
std::string NameOf(const duckdb::LogicalType &type);

//! Throws a Misfit: "expected <type>, got <object> (<reason>)".
[[noreturn]] void Mismatch(const duckdb::LogicalType &type, nb::handle object, const std::string &reason = "");
[[noreturn]] void OutOfRange(const duckdb::LogicalType &type, nb::handle object);

//! Runs a function on a part of an object. If it throws a Misfit, `place()` is the part's place in the object.
template <class PLACE, class FUNCTION>
void Within(PLACE &&place, FUNCTION &&function) {
	try {
		function();
	} catch (Misfit &misfit) {
		misfit.path = place() + misfit.path;
		throw;
	}
}

std::string ElementPath(size_t index);

} // namespace cocosql::from_python
