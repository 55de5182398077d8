//! The table of contents: what the extension registers with DuckDB.
#include "calls/first_seen.hpp"
#include "calls/register.hpp"
#include "capture/key_log_functions.hpp"
#include "capture/key_log_plan.hpp"
#include "capture/part.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "fingerprint/fingerprint.hpp"
#include "memo/packed.hpp"
#include "memo/wanted.hpp"
#include "rows/collected.hpp"
#include "rows/fetch.hpp"
#include "rows/given.hpp"
#include "rows/row_id.hpp"
#include "rows/seek.hpp"
#include "session/client.hpp"
#include "statements/hook.hpp"
#include "tables/query.hpp"
#include "tables/system_tables.hpp"

extern "C" {
DUCKDB_CPP_EXTENSION_ENTRY(cocosql, loader) {
	loader.SetDescription("Incremental views with Python functions");
	cocosql::RegisterStatements(loader);
	cocosql::RegisterSystemTables(loader);
	cocosql::RegisterKeyLogFunctions(loader);
	cocosql::RegisterKeyLogPlanning(loader);
	loader.RegisterFunction(cocosql::QueryFunction());
	loader.RegisterFunction(cocosql::IfTableFunction());
	loader.RegisterFunction(cocosql::FingerprintFunction());
	loader.RegisterFunction(cocosql::DigestFunction());
	loader.RegisterFunction(cocosql::RegisterPythonFunction());
	loader.RegisterFunction(cocosql::ClientFunction());
	loader.RegisterFunction(cocosql::FirstSeenFunction());
	loader.RegisterFunction(cocosql::WantedFunction());
	loader.RegisterFunction(cocosql::UnpackedFunction());
	loader.RegisterFunction(cocosql::CollectedFunction());
	loader.RegisterFunction(cocosql::FetchFunction());
	loader.RegisterFunction(cocosql::SeekFunction());
	loader.RegisterFunction(cocosql::RowIdFunction());
	loader.RegisterFunction(cocosql::GivenFunction());
	loader.RegisterFunction(cocosql::PartFunction());
}
}
