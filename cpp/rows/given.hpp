//! Numbers that a session gives its statements by name: coco_given('name') is the number when the statement runs. So the
//! statement's text stays what it was, and its plan can be used again.
#pragma once

#include "duckdb/function/scalar_function.hpp"
#include "session/session.hpp"

namespace cocosql {

//! From now on the name stands for this number, in the statements of the session.
void Give(Session &session, const std::string &name, int64_t number);

duckdb::ScalarFunction GivenFunction();

} // namespace cocosql
