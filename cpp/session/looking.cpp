#include "session/looking.hpp"

#include "duckdb/common/opener_file_system.hpp"
#include "duckdb/main/client_config.hpp"
#include "duckdb/main/client_data.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

constexpr const char *NO_FILES = "cocosql_no_files";

class NoFiles : public OpenerFileSystem {
public:
	FileSystem &GetFileSystem() const override {
		throw PermissionException("it would read files");
	}

	optional_ptr<FileOpener> GetOpener() const override {
		return nullptr;
	}

	std::string GetName() const override {
		return NO_FILES;
	}
};

} // namespace

void OnlyLook(ClientContext &context) {
	ClientConfig::GetConfig(context).use_replacement_scans = false;
	ClientData::Get(context).client_file_system = make_uniq<NoFiles>();
}

bool OnlyLooks(ClientContext &context) {
	return ClientData::Get(context).client_file_system->GetName() == NO_FILES;
}

} // namespace cocosql
