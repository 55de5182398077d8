//! Joins of rows with what was computed for each of their distinct values, where that can be computed of the rows.
#pragma once

#include "algebra/node.hpp"

namespace cocosql {

//! FROM t, unnest(t.list) is planned as a join of t with the elements of its distinct lists; it is an unnest of t.
void ReplaceDomainJoins(std::vector<Node> &nodes);

} // namespace cocosql
