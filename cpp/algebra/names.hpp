//! Names of columns, each given once per plan.
#pragma once

#include "duckdb/common/string_util.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>

namespace cocosql {

class Names {
public:
	//! A name like this that no column has yet, whatever the case. None begins like the engine's own columns, or hides row
	//! ids.
	std::string Take(const std::string &base) {
		auto readable = Readable(base);
		auto name = readable;
		for (int number = 1; !taken.insert(duckdb::StringUtil::Lower(name)).second; number++) {
			name = readable + "_" + std::to_string(number);
		}
		return name;
	}

private:
	static std::string Readable(std::string name) {
		auto is_control = [](unsigned char character) { return character < ' '; };
		std::replace_if(name.begin(), name.end(), is_control, '_');
		if (name.empty()) {
			return "column";
		}
		auto lower = duckdb::StringUtil::Lower(name);
		return lower == "rowid" || duckdb::StringUtil::StartsWith(lower, "coco_") ? "_" + name : name;
	}

	std::unordered_set<std::string> taken;
};

} // namespace cocosql
