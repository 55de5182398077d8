//! Fewer nodes and columns that compute the same.
#pragma once

#include "algebra/node.hpp"

namespace cocosql {

//! Drops nodes and columns that nobody reads, and the joins that DuckDB plans for lateral functions.
std::vector<Node> Tidy(std::vector<Node> nodes);

} // namespace cocosql
