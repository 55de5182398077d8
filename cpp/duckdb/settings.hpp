//! Settings of one connection.
#pragma once

#include "duckdb/main/client_context.hpp"

namespace cocosql {

//! Sets a setting for the context only, in its transaction: a plain SET sets most of them for the whole instance.
void SetForContext(duckdb::ClientContext &context, const duckdb::Identifier &setting, const duckdb::Value &value);

} // namespace cocosql
