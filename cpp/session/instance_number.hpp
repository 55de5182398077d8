//! A number that stands for a database instance. An address would not do: a later instance may get the same.
#pragma once

#include "duckdb/main/client_context.hpp"

#include <cstdint>

namespace cocosql {

//! No other instance of this process has it, before or after.
uint64_t InstanceNumber(duckdb::ClientContext &context);

} // namespace cocosql
