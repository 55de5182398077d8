//! The nanobind surface, typed by cocosql/_native.pyi.
#include "bindings/session.hpp"
#include "calls/harvest.hpp"
#include "capture/row_groups.hpp"
#include "catalog/catalog.hpp"
#include "rows/difference.hpp"

NB_MODULE(_native, module) {
	module.attr("DUCKDB_VERSION") = COCOSQL_DUCKDB_VERSION;
	module.def("warn_of_leaks", &nanobind::set_leak_warnings, nanobind::arg("warn"));
	cocosql::BindBatch(module);
	cocosql::BindCalls(module);
	cocosql::BindHarvest(module);
	cocosql::BindRowGroups(module);
	cocosql::BindCatalog(module);
	cocosql::BindDifference(module);
	cocosql::BindSession(module);
}
