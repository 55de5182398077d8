#include "algebra/references.hpp"

namespace cocosql {

namespace {

constexpr char BEGIN = '\x01';
constexpr char END = '\x02';

//! Calls back with each text in a field, however deep.
template <class FIELD, class CALLBACK>
void EachText(FIELD &field, const CALLBACK &callback) {
	if (field.kind == Field::Kind::TEXT) {
		callback(field.text);
	}
	for (auto &element : field.list) {
		EachText(element, callback);
	}
	for (auto &entry : field.dict) {
		EachText(entry.second, callback);
	}
}

//! The text with each name replaced by what a function makes of it.
template <class CHANGE>
std::string WithNames(const std::string &text, const CHANGE &change) {
	std::string result;
	size_t position = 0;
	for (auto begin = text.find(BEGIN); begin != std::string::npos; begin = text.find(BEGIN, position)) {
		auto end = text.find(END, begin);
		result += text.substr(position, begin + 1 - position) + change(text.substr(begin + 1, end - begin - 1)) + END;
		position = end + 1;
	}
	return result + text.substr(position);
}

//! Whether a node has SQL of ours: what reads no other node, and a reason, are only text, whatever marks are in it.
bool HasReferences(const Node &node) {
	return !node.inputs.empty() && node.kind != "opaque";
}

template <class NODE>
auto &Find(NODE &node, const std::string &field) {
	for (auto &entry : node.fields) {
		if (entry.first == field) {
			return entry.second;
		}
	}
	throw std::logic_error("a node without " + field);
}

} // namespace

std::string Reference(const Column &column) {
	return BEGIN + column.name + END;
}

std::string ReferredName(const std::string &sql) {
	auto is_reference = sql.size() > 2 && sql[0] == BEGIN && sql.find(END) == sql.size() - 1;
	return is_reference ? sql.substr(1, sql.size() - 2) : "";
}

Field &Get(Node &node, const std::string &field) {
	return Find(node, field);
}

const Field &Get(const Node &node, const std::string &field) {
	return Find(node, field);
}

NameSet References(const Node &node) {
	NameSet names;
	if (!HasReferences(node)) {
		return names;
	}
	for (auto &entry : node.fields) {
		EachText(entry.second, [&](const std::string &text) {
			WithNames(text, [&](const std::string &name) {
				names.insert(name);
				return name;
			});
		});
	}
	return names;
}

void Substitute(Node &node, const NameMap &names) {
	if (!HasReferences(node)) {
		return;
	}
	for (auto &entry : node.fields) {
		EachText(entry.second, [&](std::string &text) {
			text = WithNames(text, [&](const std::string &name) {
				auto found = names.find(name);
				return found == names.end() ? name : found->second;
			});
		});
	}
}

bool IsRenaming(const Node &node) {
	if (node.kind != "project") {
		return false;
	}
	for (auto &expression : Get(node, "expressions").list) {
		if (ReferredName(expression.text).empty()) {
			return false;
		}
	}
	return true;
}

NameMap Renamed(const Node &renaming) {
	NameMap names;
	auto &expressions = Get(renaming, "expressions").list;
	for (size_t i = 0; i < expressions.size(); i++) {
		names[renaming.columns[i].name] = ReferredName(expressions[i].text);
	}
	return names;
}

} // namespace cocosql
