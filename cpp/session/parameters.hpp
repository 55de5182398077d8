//! Parameters of the engine's own statements.
#pragma once

#include "duckdb/common/types/value.hpp"

#include <nanobind/nanobind.h>

namespace cocosql {

//! The value of a None, bool, int, float, str, bytes or a list of str or int. Needs the GIL.
duckdb::Value InferValue(nanobind::handle object);

} // namespace cocosql
