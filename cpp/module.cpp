//! The nanobind surface, typed by cocosql/_native.pyi.
#include "calls/harvest.hpp"
#include "session/session.hpp"
#include "values/arrow_probe.hpp"

NB_MODULE(_native, module) {
	module.attr("DUCKDB_VERSION") = COCOSQL_DUCKDB_VERSION;
	cocosql::BindHarvest(module);
	cocosql::BindSession(module);
	cocosql::BindArrowProbe(module);
}
