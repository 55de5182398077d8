//! What a query computes, as relational algebra.
#pragma once

#include "session/session.hpp"

namespace cocosql {

//! The nodes of a query's plan, inputs before those that use them. Its names are looked for on the path; those in the
//! expressions of nodes are the engine's. Needs the GIL, and releases it meanwhile.
nb::list Algebra(Session &session, const std::string &sql, const SearchPath &path);

} // namespace cocosql
