//! Which functions, types and tables a name in SQL means: the engine's own SQL must not mean the user's by it.
#pragma once

#include "duckdb/catalog/catalog_search_path.hpp"
#include "duckdb/function/scalar_function.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/connection.hpp"

#include <string>
#include <utility>
#include <vector>

namespace cocosql {

//! The schema of the engine's own tables in each database.
constexpr const char *OWN_SCHEMA = "coco";

//! Whether what a connection binds is SQL of the engine's own, as long as this lives.
class Origin {
public:
	Origin(duckdb::ClientContext &context, bool is_engine);
	~Origin();
	Origin(const Origin &) = delete;
	Origin &operator=(const Origin &) = delete;

private:
	duckdb::ClientContext &context;
	bool before;
};

//! Databases and schemas, in the order in which a name is looked for in them.
using SearchPath = std::vector<std::pair<std::string, std::string>>;

//! Makes a connection the engine's own: names in its SQL mean what DuckDB has under them, and else what is found on the path.
//! The database becomes its default database.
void UseEngineNames(duckdb::ClientContext &context, const std::string &database, const SearchPath &path = {});
//! A new connection of the engine's own, with the default database of the instance.
duckdb::Connection EngineConnection(duckdb::DatabaseInstance &instance);

//! While it lives, names that a connection of the engine's binds mean what they mean to the user who wrote them.
class UserNames {
public:
	UserNames(duckdb::ClientContext &context, const SearchPath &path);
	~UserNames();
	UserNames(const UserNames &) = delete;
	UserNames &operator=(const UserNames &) = delete;

private:
	duckdb::ClientContext &context;
	Origin origin;
	duckdb::unique_ptr<duckdb::CatalogSearchPath> path;
};

//! While it lives, names that a user's connection binds mean what DuckDB has under them: its system schema stands in the
//! place of the temporary one, in which every name is looked for first.
class EngineNames {
public:
	explicit EngineNames(duckdb::ClientContext &context);
	~EngineNames();
	EngineNames(const EngineNames &) = delete;
	EngineNames &operator=(const EngineNames &) = delete;

private:
	duckdb::ClientContext &context;
	Origin origin;
	duckdb::shared_ptr<duckdb::AttachedDatabase> temporary;
};

//! Throws if what is bound is not the engine's. Functions that trust their arguments are not for others.
void RequireEngine(duckdb::ClientContext &context, const duckdb::Identifier &function);
//! What binds a scalar function of this kind.
duckdb::unique_ptr<duckdb::FunctionData> BindForEngine(duckdb::BindScalarFunctionInput &input);

} // namespace cocosql
