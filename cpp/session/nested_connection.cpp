#include "session/nested_connection.hpp"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/main/valid_checker.hpp"
#include "duckdb/transactions.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

class NestedTransactions : public ClientContextState {
public:
	//! Begins in all databases that FORCE CHECKPOINT can close.
	void TransactionBegin(MetaTransaction &transaction, ClientContext &context) override {
		for (auto &database : DatabaseManager::Get(context).GetDatabases(context)) {
			if (!database->IsSystem() && !database->IsTemporary() && database->GetCatalog().IsDuckCatalog() &&
			    !ValidChecker::IsInvalidated(*database)) {
				BeginAsReader(transaction, *database);
			}
		}
	}
};

} // namespace

Connection NestedConnection(DatabaseInstance &database) {
	Connection connection(database);
	connection.context->registered_state->Insert("cocosql_nested", make_shared_ptr<NestedTransactions>());
	return connection;
}

} // namespace cocosql
