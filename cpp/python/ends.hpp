//! What ends in the engine, and what Python keeps for it.
#pragma once

#include <cstdint>

namespace cocosql {

//! Calls a function of a module of Python's with the number of what ends. Not while the interpreter shuts down. For
//! destructors: throws nothing.
void TellPythonOfEnd(const char *module, const char *function, int64_t number);

} // namespace cocosql
