//! Fewer nodes and columns that compute the same.
#pragma once

#include "algebra/node.hpp"

namespace cocosql {

//! Without what nobody needs, and without the joins that lateral functions are planned with.
std::vector<Node> Tidy(std::vector<Node> nodes);

} // namespace cocosql
