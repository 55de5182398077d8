#include "values/json.hpp"

#include "yyjson.hpp"

namespace cocosql {

using namespace duckdb_yyjson; // NOLINT: its functions are of C

std::string WhyNotJson(const char *data, size_t size) {
	// As DuckDB reads it.
	constexpr auto FLAGS = YYJSON_READ_ALLOW_INF_AND_NAN | YYJSON_READ_ALLOW_TRAILING_COMMAS | YYJSON_READ_BIGNUM_AS_RAW;
	yyjson_read_err error;
	// It writes to the text only with another flag.
	auto *document = yyjson_read_opts(const_cast<char *>(data), size, FLAGS, nullptr, &error);
	if (document) {
		yyjson_doc_free(document);
		return "";
	}
	return "malformed at byte " + std::to_string(error.pos) + ": " + error.msg;
}

} // namespace cocosql
