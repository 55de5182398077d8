//! What a database instance has one of: made when it is first asked for, gone with the instance.
#pragma once

#include "duckdb/main/client_context.hpp"
#include "duckdb/main/database.hpp"

#include <memory>

namespace cocosql {

using MakeObject = std::shared_ptr<void> (*)();

//! The object that the instance has under this name. If there is none, it is made.
void *InstanceObject(duckdb::DatabaseInstance &database, const char *name, MakeObject make);

//! `class X : public PerInstance<X>`, with the name `X::NAME` that no other such class has.
template <class CLASS>
class PerInstance {
protected:
	static CLASS &Of(duckdb::DatabaseInstance &database) {
		auto make = []() -> std::shared_ptr<void> {
			return std::make_shared<CLASS>();
		};
		return *static_cast<CLASS *>(InstanceObject(database, CLASS::NAME, make));
	}
};

} // namespace cocosql
