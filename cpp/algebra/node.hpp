//! A node of a query's algebra: one operator, with what it computes written as SQL.
#pragma once

#include "duckdb/common/types.hpp"
#include "duckdb/planner/column_binding.hpp"

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cocosql {

//! What a node says of itself besides its inputs and columns: one of these.
struct Field {
	using List = std::vector<Field>;
	using Dict = std::vector<std::pair<std::string, Field>>;
	enum class Kind { NONE, FLAG, NUMBER, TEXT, LIST, DICT };

	Field() = default;
	Field(bool flag) : kind(Kind::FLAG), number(flag) {
	}
	Field(duckdb::idx_t number) : kind(Kind::NUMBER), number(number) {
	}
	Field(std::string text) : kind(Kind::TEXT), text(std::move(text)) {
	}
	Field(List list) : kind(Kind::LIST), list(std::move(list)) {
	}
	Field(Dict dict) : kind(Kind::DICT), dict(std::move(dict)) {
	}

	Kind kind = Kind::NONE;
	duckdb::idx_t number = 0;
	std::string text;
	List list;
	Dict dict;
};

struct Column {
	//! Unique over the whole plan.
	std::string name;
	//! What the name was made of.
	std::string base;
	duckdb::LogicalType type;
	duckdb::ColumnBinding binding;
};

struct Node {
	std::string kind;
	std::vector<duckdb::idx_t> inputs;
	std::vector<Column> columns;
	Field::Dict fields;
};

//! Thrown where something cannot be written as SQL; says what, in plain words.
struct Inexpressible : std::runtime_error {
	using std::runtime_error::runtime_error;
};

} // namespace cocosql
