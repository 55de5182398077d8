//! Parameters of the engine's own statements.
#pragma once

#include "duckdb/common/types/value.hpp"

#include <nanobind/nanobind.h>

namespace cocosql {

//! The value of a None, bool, int, float, str, bytes, a list of str or int, or a dict of str. Needs the GIL.
duckdb::Value InferValue(nanobind::handle object);

} // namespace cocosql
