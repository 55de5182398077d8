#include "algebra/domain_join.hpp"

#include "algebra/references.hpp"

#include <algorithm>
#include <unordered_set>

namespace cocosql {

using duckdb::idx_t;

namespace {

//! A column of a node, found by following it down through projections that only rename it.
struct Origin {
	idx_t node;
	std::string name;

	bool operator==(const Origin &other) const {
		return node == other.node && name == other.name;
	}
};

//! DuckDB plans FROM t, unnest(t.list) as a join: it takes the distinct lists of t (the domain), computes their elements,
//! and joins t with these by IS NOT DISTINCT FROM. The elements can be computed of the rows of t, without domain and join.
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
	//! The columns of left and right that the join compares by IS NOT DISTINCT FROM; empty if it has another condition.
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

	//! Where the left side is the domain itself, the right side has all of its rows: the join becomes a projection of that.
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

	//! Whether a node gives the distinct values of some columns, and nothing else.
	static bool IsDomain(const Node &node) {
		return node.kind == "aggregate" && HasOneGrouping(node) &&
		       Get(node, "groups").list.size() == node.columns.size();
	}

	//! Whether rows are grouped once, by all groups.
	static bool HasOneGrouping(const Node &aggregate) {
		auto &sets = Get(aggregate, "grouping_sets").list;
		return sets.size() == 1 && sets[0].list.size() == Get(aggregate, "groups").list.size();
	}

	//! Follows a column down to the node `until`, or as far as its values are passed on unchanged.
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

	//! The input column that a projection, or a GROUP BY, passes on under this name; empty if it computes something.
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

	//! Where the right side computes row by row of the domain, has it compute of the rows on the left, and drops the join.
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

	//! The nodes from this one down to a domain, the lowest last, if all of them work on each row by itself; else empty.
	std::vector<idx_t> RowByRow(idx_t index) const {
		static const std::unordered_set<std::string> KINDS {"project", "filter", "unnest"};
		std::vector<idx_t> chain;
		while (KINDS.count(nodes[index].kind) && uses[index] == 1) {
			chain.push_back(index);
			index = nodes[index].inputs[0];
		}
		return IsDomain(nodes[index]) ? chain : std::vector<idx_t>();
	}

	//! Whether a column of the domain has the distinct values of this column.
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

	//! Has the nodes of the chain work on the rows; the join becomes a projection of what the chain gives.
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

	//! Has a projection also pass on these columns, those apart that it passes on already.
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
