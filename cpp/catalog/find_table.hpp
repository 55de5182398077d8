//! A table of the catalog, by its name.
#pragma once

#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/main/client_context.hpp"

namespace cocosql {

//! As the context's transaction sees it; null if there is none, or a view has the name.
duckdb::optional_ptr<duckdb::TableCatalogEntry> FindTable(duckdb::ClientContext &context,
                                                          const duckdb::QualifiedName &name);

} // namespace cocosql
