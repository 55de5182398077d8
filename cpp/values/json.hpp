#pragma once

#include <cstddef>
#include <string>

namespace cocosql {

//! Why DuckDB would not take a text for JSON; empty if it does.
std::string WhyNotJson(const char *data, size_t size);

} // namespace cocosql
