#include "algebra/domain_join.hpp"

#include "algebra/references.hpp"

#include <algorithm>
#include <unordered_set>

namespace cocosql {

using duckdb::idx_t;

namespace {

//! A column where it comes from, behind projections that only rename it.
struct Origin {
	idx_t node;
	std::string name;

	bool operator==(const Origin &other) const {
		return node == other.node && name == other.name;
	}
};

class Replacer {
public:
	explicit Replacer(std::vector<Node> &nodes) : nodes(nodes), uses(nodes.size()) {
		for (auto &node : nodes) {
			for (auto input : node.inputs) {
				uses[input]++;
			}
		}
	}

	void Run() {
		for (auto &node : nodes) {
			auto may_be_replaced = node.kind == "join" && Get(node, "type").text == "inner" &&
			                       !Get(node, "asof").number && Get(node, "predicates").list.empty();
			if (may_be_replaced && !DropDomain(node)) {
				ComputeOfRows(node);
			}
		}
	}

private:
	//! Names on both sides that must not differ; nothing if there are other conditions.
	static std::vector<std::pair<std::string, std::string>> Pairs(const Node &join) {
		std::vector<std::pair<std::string, std::string>> pairs;
		for (auto &condition : Get(join, "conditions").list) {
			auto left = ReferredName(condition.list[0].text);
			auto right = ReferredName(condition.list[2].text);
			if (condition.list[1].text != "IS NOT DISTINCT FROM" || left.empty() || right.empty()) {
				return {};
			}
			pairs.emplace_back(left, right);
		}
		return pairs;
	}

	//! A join of the distinct values themselves with what was computed of them: it is that.
	bool DropDomain(Node &join) {
		auto pairs = Pairs(join);
		NameMap values;
		NameSet groups;
		for (auto &pair : pairs) {
			auto group = Trace({join.inputs[0], pair.first});
			if (!IsDomain(nodes[group.node]) || !(Descend({join.inputs[1], pair.second}, group.node) == group)) {
				return false;
			}
			values[group.name] = pair.second;
		}
		if (pairs.empty()) {
			return false;
		}
		auto domain = Trace({join.inputs[0], pairs[0].first}).node;
		if (values.size() != nodes[domain].columns.size()) {
			return false;
		}
		Field::List expressions;
		for (auto &column : join.columns) {
			auto is_left = HasColumn(nodes[join.inputs[0]], column.name);
			auto name = is_left ? values.at(Trace({join.inputs[0], column.name}).name) : column.name;
			expressions.emplace_back('\x01' + name + '\x02');
		}
		join.kind = "project";
		join.inputs = {join.inputs[1]};
		join.fields = {{"expressions", expressions}};
		return true;
	}

	static bool HasColumn(const Node &node, const std::string &name) {
		return std::any_of(node.columns.begin(), node.columns.end(),
		                   [&](const Column &column) { return column.name == name; });
	}

	//! Distinct values.
	static bool IsDomain(const Node &node) {
		return node.kind == "aggregate" && HasOneGrouping(node) &&
		       Get(node, "groups").list.size() == node.columns.size();
	}

	//! Whether rows are grouped once, by all groups.
	static bool HasOneGrouping(const Node &aggregate) {
		auto &sets = Get(aggregate, "grouping_sets").list;
		return sets.size() == 1 && sets[0].list.size() == Get(aggregate, "groups").list.size();
	}

	//! The column that this one has its values of, as far down as a node.
	Origin Descend(Origin column, idx_t until) const {
		while (column.node != until) {
			auto &node = nodes[column.node];
			if (node.kind == "project" || node.kind == "aggregate") {
				column.name = Computed(node, column.name);
			} else if (node.kind != "filter" && node.kind != "unnest" && node.kind != "window" && node.kind != "join") {
				return column;
			}
			auto below = std::find_if(node.inputs.begin(), node.inputs.end(),
			                          [&](idx_t input) { return HasColumn(nodes[input], column.name); });
			auto is_outer = node.kind == "join" && Get(node, "type").text != "inner";
			if (below == node.inputs.end() || is_outer) {
				return column;
			}
			column.node = *below;
		}
		return column;
	}

	//! The column that a projection or an aggregate in one set of groups takes as it is; or nothing.
	static std::string Computed(const Node &node, const std::string &name) {
		auto is_project = node.kind == "project";
		if (!is_project && !HasOneGrouping(node)) {
			return "";
		}
		auto &expressions = Get(node, is_project ? "expressions" : "groups").list;
		for (idx_t i = 0; i < expressions.size(); i++) {
			if (node.columns[i].name == name) {
				return ReferredName(expressions[i].text);
			}
		}
		return "";
	}

	//! A join of rows with what was computed of their distinct values, row by row: it can be computed of the rows.
	void ComputeOfRows(Node &join) {
		auto rows = join.inputs[0];
		auto chain = RowByRow(join.inputs[1]);
		if (chain.empty() || rows > chain.back()) {
			return;
		}
		auto domain = nodes[chain.back()].inputs[0];
		NameMap values;
		for (auto &pair : Pairs(join)) {
			auto group = Descend({join.inputs[1], pair.second}, domain);
			if (group.node != domain || !IsSource(domain, group.name, {rows, pair.first})) {
				return;
			}
			values[group.name] = pair.first;
		}
		if (values.size() == nodes[domain].columns.size()) {
			Compute(join, rows, chain, values);
		}
	}

	//! The nodes from this one down to a list of distinct values that work on each row by itself; the lowest last.
	std::vector<idx_t> RowByRow(idx_t index) const {
		static const std::unordered_set<std::string> KINDS {"project", "filter", "unnest"};
		std::vector<idx_t> chain;
		while (KINDS.count(nodes[index].kind) && uses[index] == 1) {
			chain.push_back(index);
			index = nodes[index].inputs[0];
		}
		return IsDomain(nodes[index]) ? chain : std::vector<idx_t>();
	}

	//! Whether a group of distinct values has the values of a column of the rows.
	bool IsSource(idx_t domain, const std::string &group, const Origin &column) const {
		auto &node = nodes[domain];
		for (idx_t i = 0; i < node.columns.size(); i++) {
			if (node.columns[i].name == group) {
				auto name = ReferredName(Get(node, "groups").list[i].text);
				return !name.empty() && Trace({node.inputs[0], name}) == Trace(column);
			}
		}
		return false;
	}

	Origin Trace(Origin column) const {
		while (IsRenaming(nodes[column.node])) {
			auto &node = nodes[column.node];
			column = {node.inputs[0], Renamed(node).at(column.name)};
		}
		return column;
	}

	//! Has the chain work on the rows; what joined them takes its columns.
	void Compute(Node &join, idx_t rows, const std::vector<idx_t> &chain, const NameMap &values) {
		nodes[chain.back()].inputs = {rows};
		for (auto index : chain) {
			Substitute(nodes[index], values);
			if (nodes[index].kind == "project") {
				PassOn(nodes[index], nodes[rows].columns);
			}
		}
		Field::List expressions;
		for (auto &column : join.columns) {
			auto value = values.find(column.name);
			expressions.emplace_back(value == values.end() ? Reference(column) : '\x01' + value->second + '\x02');
		}
		join.kind = "project";
		join.inputs = {chain.front()};
		join.fields = {{"expressions", expressions}};
	}

	//! Adds columns to those of a projection. One that it passed on already it need not twice.
	static void PassOn(Node &project, const std::vector<Column> &passed) {
		auto columns = passed;
		Field::List expressions;
		NameSet names;
		for (auto &column : passed) {
			expressions.emplace_back(Reference(column));
			names.insert(column.name);
		}
		auto &own = Get(project, "expressions").list;
		for (idx_t i = 0; i < own.size(); i++) {
			if (names.insert(project.columns[i].name).second) {
				columns.push_back(project.columns[i]);
				expressions.push_back(own[i]);
			}
		}
		project.columns = std::move(columns);
		own = std::move(expressions);
	}

	std::vector<Node> &nodes;
	std::vector<idx_t> uses;
};

} // namespace

void ReplaceDomainJoins(std::vector<Node> &nodes) {
	Replacer(nodes).Run();
}

} // namespace cocosql
