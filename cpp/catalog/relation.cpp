#include "catalog/catalog.hpp"

#include "catalog/find_table.hpp"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/view_catalog_entry.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/parser/constraints/unique_constraint.hpp"
#include "fingerprint/hash128.hpp"
#include "session/names.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace cocosql {

using namespace duckdb;

namespace {

optional_ptr<SchemaCatalogEntry> FindSchema(ClientContext &context, const std::string &database,
                                            const std::string &schema) {
	auto catalog = Catalog::GetCatalogEntry(context, Identifier(database));
	return catalog ? catalog->GetSchema(context, Identifier(schema), OnEntryNotFound::RETURN_NULL) : nullptr;
}

bool HasGenerated(const TableCatalogEntry &table) {
	auto &columns = table.GetColumns();
	return columns.LogicalColumnCount() != columns.PhysicalColumnCount();
}

std::vector<std::string> PrimaryKey(const TableCatalogEntry &table) {
	std::vector<std::string> names;
	auto constraint = table.GetPrimaryKey();
	if (!constraint) {
		return names;
	}
	for (auto &index : constraint->Cast<UniqueConstraint>().GetLogicalIndexes(table.GetColumns())) {
		names.push_back(table.GetColumn(index).Name().GetIdentifierName());
	}
	return names;
}

Relation Describe(const SchemaCatalogEntry &schema, CatalogEntry &entry) {
	Relation relation;
	relation.database = schema.catalog.GetName().GetIdentifierName();
	relation.schema = schema.name.GetIdentifierName();
	relation.name = entry.name.GetIdentifierName();
	relation.is_view = entry.type == CatalogType::VIEW_ENTRY;
	relation.sql = entry.ToSQL();
	if (!relation.is_view) {
		relation.has_generated = HasGenerated(entry.Cast<TableCatalogEntry>());
		relation.key = PrimaryKey(entry.Cast<TableCatalogEntry>());
	}
	return relation;
}

} // namespace

namespace {

bool HasMigrations(ClientContext &context, Catalog &catalog) {
	auto schema = catalog.GetSchema(context, OWN_SCHEMA, OnEntryNotFound::RETURN_NULL);
	return schema && schema->GetEntry(schema->GetCatalogTransaction(context), CatalogType::TABLE_ENTRY, "migrations");
}

} // namespace

std::vector<Database> Databases(Session &session) {
	return LookUp(session, [](ClientContext &context) {
		auto attached = DatabaseManager::Get(context).GetDatabases(context);
		std::sort(attached.begin(), attached.end(), [](auto &left, auto &right) { return left->oid < right->oid; });
		std::vector<Database> databases;
		for (auto &database : attached) {
			if (database->GetVisibility() != AttachVisibility::HIDDEN) {
				auto &catalog = database->GetCatalog();
				auto is_native = catalog.IsDuckCatalog();
				databases.push_back({database->GetName().GetIdentifierName(), database->oid, database->IsReadOnly(),
				                     is_native, is_native && HasMigrations(context, catalog)});
			}
		}
		return databases;
	});
}

std::optional<idx_t> CatalogState(Session &session, const std::string &database) {
	return LookUp(session, [&](ClientContext &context) -> std::optional<idx_t> {
		auto catalog = Catalog::GetCatalogEntry(context, Identifier(database));
		auto version = catalog ? catalog->GetCatalogVersion(context) : optional_idx();
		return version.IsValid() ? std::optional(version.GetIndex()) : std::nullopt;
	});
}

idx_t UserObjects(Session &session, const std::string &database) {
	return LookUp(session, [&](ClientContext &context) {
		uint64_t sum = 0;
		auto add = [&](CatalogEntry &entry) {
			uint64_t version[] = {entry.oid, entry.timestamp};
			sum += Hash128(version, sizeof(version), uint64_t(entry.type)).lower;
		};
		auto catalog = Catalog::GetCatalogEntry(context, Identifier(database));
		for (auto &schema : catalog ? catalog->GetSchemas(context) : vector<reference<SchemaCatalogEntry>>()) {
			if (schema.get().name == OWN_SCHEMA) {
				continue;
			}
			add(schema.get());
			for (auto type : {CatalogType::TABLE_ENTRY, CatalogType::SCALAR_FUNCTION_ENTRY,
			                  CatalogType::TABLE_FUNCTION_ENTRY, CatalogType::TYPE_ENTRY,
			                  CatalogType::SEQUENCE_ENTRY, CatalogType::COLLATION_ENTRY}) {
				schema.get().Scan(context, type, add);
			}
		}
		return idx_t(sum);
	});
}

bool HasSchema(Session &session, const std::string &database, const std::string &schema) {
	return LookUp(session, [&](ClientContext &context) { return FindSchema(context, database, schema) != nullptr; });
}

std::vector<std::string> StrangeRelations(Session &session, const std::string &database, const std::string &schema) {
	return LookUp(session, [&](ClientContext &context) {
		std::vector<std::string> names;
		if (auto found = FindSchema(context, database, schema)) {
			found->Scan(context, CatalogType::TABLE_ENTRY, [&](CatalogEntry &entry) {
				if (entry.type != CatalogType::TABLE_ENTRY || HasGenerated(entry.Cast<TableCatalogEntry>())) {
					names.push_back(entry.name.GetIdentifierName());
				}
			});
		}
		return names;
	});
}

std::vector<std::string> RelationNames(Session &session, const std::string &database, const std::string &schema) {
	return LookUp(session, [&](ClientContext &context) {
		std::vector<std::string> names;
		if (auto found = FindSchema(context, database, schema)) {
			found->Scan(context, CatalogType::TABLE_ENTRY,
			            [&](CatalogEntry &entry) { names.push_back(entry.name.GetIdentifierName()); });
		}
		return names;
	});
}

std::optional<Relation> FindRelation(Session &session, const std::string &database, const std::string &schema,
                                     const std::string &name) {
	return LookUp(session, [&](ClientContext &context) -> std::optional<Relation> {
		auto found = FindSchema(context, database, schema);
		if (!found) {
			return std::nullopt;
		}
		auto transaction = found->GetCatalogTransaction(context);
		auto entry = found->GetEntry(transaction, CatalogType::TABLE_ENTRY, Identifier(name));
		return entry ? std::optional(Describe(*found, *entry)) : std::nullopt;
	});
}

std::vector<std::pair<std::string, std::string>> Columns(Session &session, const std::string &database,
                                                         const std::string &schema, const std::string &table) {
	return LookUp(session, [&](ClientContext &context) {
		std::vector<std::pair<std::string, std::string>> columns;
		auto entry = FindTable(context, {Identifier(database), Identifier(schema), Identifier(table)});
		if (entry) {
			for (auto &column : entry->GetColumns().Logical()) {
				columns.emplace_back(column.Name().GetIdentifierName(), column.Type().ToString());
			}
		}
		return columns;
	});
}

void BindCatalog(nb::module_ &module) {
	nb::class_<Database>(module, "Database")
	    .def_ro("name", &Database::name)
	    .def_ro("number", &Database::number)
	    .def_ro("is_read_only", &Database::is_read_only)
	    .def_ro("is_native", &Database::is_native)
	    .def_ro("has_migrations", &Database::has_migrations);
	nb::class_<Relation>(module, "Relation")
	    .def_ro("database", &Relation::database)
	    .def_ro("schema", &Relation::schema)
	    .def_ro("name", &Relation::name)
	    .def_ro("is_view", &Relation::is_view)
	    .def_ro("key", &Relation::key)
	    .def_ro("has_generated", &Relation::has_generated)
	    .def_ro("sql", &Relation::sql);
}

} // namespace cocosql
