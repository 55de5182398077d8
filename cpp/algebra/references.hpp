//! References to columns within the SQL of a node.
#pragma once

#include "algebra/node.hpp"

#include <string>
#include <unordered_map>
#include <unordered_set>

namespace cocosql {

using NameMap = std::unordered_map<std::string, std::string>;
using NameSet = std::unordered_set<std::string>;

//! A column as SQL of a node refers to it.
std::string Reference(const Column &column);
//! The name, if the SQL is just a reference; else empty.
std::string ReferredName(const std::string &sql);

Field &Get(Node &node, const std::string &field);
const Field &Get(const Node &node, const std::string &field);

//! The names of all columns that a node's SQL refers to.
NameSet References(const Node &node);
//! Has a node's SQL refer to other columns.
void Substitute(Node &node, const NameMap &names);

//! Whether a node is a projection of plain columns; then, which column of its input each is.
bool IsRenaming(const Node &node);
NameMap Renamed(const Node &renaming);

} // namespace cocosql
