#include "rows/column_pick.hpp"

#include "duckdb/common/string_util.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

class Text {
public:
	explicit Text(const std::string &sql) : sql(sql) {
	}

	bool Accept(const char *word) {
		auto length = std::char_traits<char>::length(word);
		if (sql.compare(at, length, word) != 0) {
			return false;
		}
		at += length;
		return true;
	}

	//! A quoted name or text.
	std::optional<std::string> Quoted(char quote) {
		if (at >= sql.size() || sql[at] != quote) {
			return std::nullopt;
		}
		std::string found;
		for (auto i = at + 1; i < sql.size(); i++) {
			if (sql[i] != quote) {
				found += sql[i];
			} else if (i + 1 < sql.size() && sql[i + 1] == quote) {
				found += sql[i++];
			} else {
				at = i + 1;
				return found;
			}
		}
		return std::nullopt;
	}

	//! A quoted name, or one of the engine's own columns.
	std::optional<std::string> Name() {
		if (auto quoted = Quoted('"')) {
			return quoted;
		}
		auto end = at;
		while (end < sql.size() && (StringUtil::CharacterIsAlphaNumeric(sql[end]) || sql[end] == '_')) {
			end++;
		}
		auto name = sql.substr(at, end - at);
		if (!StringUtil::StartsWith(name, "coco_")) {
			return std::nullopt;
		}
		at = end;
		return name;
	}

	bool IsAtEnd() const {
		return at == sql.size();
	}

private:
	const std::string &sql;
	size_t at = 0;
};

} // namespace

std::optional<ColumnPick> ColumnPick::Read(const std::string &sql) {
	Text text(sql);
	ColumnPick pick;
	if (text.Accept("SELECT ")) {
		do {
			auto column = text.Name();
			auto shown = column && text.Accept(" AS ") ? text.Name() : column;
			if (!shown) {
				return std::nullopt;
			}
			pick.columns.emplace_back(*column, *shown);
		} while (text.Accept(", "));
		if (!text.Accept(" ")) {
			return std::nullopt;
		}
	}
	if (!text.Accept("FROM coco_collected(")) {
		return std::nullopt;
	}
	auto name = text.Quoted('\'');
	if (!name || !text.Accept(")") || !text.IsAtEnd()) {
		return std::nullopt;
	}
	pick.name = *name;
	return pick;
}

} // namespace cocosql
