#include "session/names.hpp"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "duckdb/main/client_data.hpp"
#include "duckdb/main/database_manager.hpp"
#include "session/nested_connection.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

constexpr const char *KEY = "cocosql_engine";

struct Mark : ClientContextState {};

bool IsEngine(ClientContext &context) {
	return context.registered_state->Get<Mark>(KEY) != nullptr;
}

void SetEngine(ClientContext &context, bool is_engine) {
	if (is_engine) {
		context.registered_state->GetOrCreate<Mark>(KEY);
	} else {
		context.registered_state->Remove(KEY);
	}
}

vector<CatalogSearchEntry> Entries(const SearchPath &path) {
	vector<CatalogSearchEntry> entries;
	for (auto &entry : path) {
		entries.emplace_back(Identifier(entry.first), Identifier(entry.second));
	}
	return entries;
}

} // namespace

Origin::Origin(ClientContext &context, bool is_engine) : context(context), before(IsEngine(context)) {
	SetEngine(context, is_engine);
}

Origin::~Origin() {
	SetEngine(context, before);
}

void UseEngineNames(ClientContext &context, const std::string &database, const SearchPath &path) {
	SearchPath names;
	if (!database.empty()) {
		// The first entry says which database is the default. No database has a schema of this name, and none can get one.
		names.emplace_back(database, "information_schema");
	}
	names.emplace_back(SYSTEM_CATALOG, DEFAULT_SCHEMA);
	names.insert(names.end(), path.begin(), path.end());
	ClientData::Get(context).catalog_search_path->Set(Entries(names), CatalogSetPathType::SET_DIRECTLY);
	SetEngine(context, true);
}

Connection EngineConnection(DatabaseInstance &instance) {
	auto connection = NestedConnection(instance);
	auto database = DatabaseManager::TryGetDefaultDatabase(*connection.context);
	UseEngineNames(*connection.context, database.GetIdentifierName());
	return connection;
}

UserNames::UserNames(ClientContext &context, const SearchPath &path)
    : context(context), origin(context, false), path(make_uniq<CatalogSearchPath>(context, Entries(path))) {
	std::swap(ClientData::Get(context).catalog_search_path, this->path);
}

UserNames::~UserNames() {
	std::swap(ClientData::Get(context).catalog_search_path, path);
}

EngineNames::EngineNames(ClientContext &context)
    : context(context), origin(context, true),
      temporary(Catalog::GetSystemCatalog(context).GetAttached().shared_from_this()) {
	std::swap(ClientData::Get(context).temporary_objects, temporary);
}

EngineNames::~EngineNames() {
	std::swap(ClientData::Get(context).temporary_objects, temporary);
}

void RequireEngine(ClientContext &context, const Identifier &function) {
	if (!IsEngine(context)) {
		throw PermissionException("%s is a function of CocoSQL's own: only its statements and system tables call it",
		                          function.GetIdentifierName());
	}
}

unique_ptr<FunctionData> BindForEngine(BindScalarFunctionInput &input) {
	RequireEngine(input.GetClientContext(), input.GetBoundFunction().GetName());
	return nullptr;
}

} // namespace cocosql
