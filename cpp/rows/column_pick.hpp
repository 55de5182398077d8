//! A query that takes columns of collected rows, and does nothing else with them: it can be answered without being planned.
//!
//!     SELECT coco_id AS coco_source_id, "lang" FROM coco_collected('kept_1_2_gone')
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cocosql {

struct ColumnPick {
	//! None if the text is anything else, as the engine writes it.
	static std::optional<ColumnPick> Read(const std::string &sql);

	//! Under which the rows are kept.
	std::string name;
	//! Columns, each with the name that it is shown under; none if all are taken.
	std::vector<std::pair<std::string, std::string>> columns;
};

} // namespace cocosql
