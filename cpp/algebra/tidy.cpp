#include "algebra/tidy.hpp"

#include "algebra/domain_join.hpp"
#include "algebra/references.hpp"

#include <optional>

namespace cocosql {

using duckdb::idx_t;

namespace {

//! Has projections and aggregates read columns below a projection that only renames them, by the names there.
void ReadThroughRenamings(std::vector<Node> &nodes) {
	for (auto &node : nodes) {
		while ((node.kind == "project" || node.kind == "aggregate") && IsRenaming(nodes[node.inputs[0]])) {
			auto &renaming = nodes[node.inputs[0]];
			Substitute(node, Renamed(renaming));
			node.inputs = renaming.inputs;
		}
	}
}

//! Which columns of each node are needed, from the root down.
class Pruning {
public:
	explicit Pruning(std::vector<Node> &nodes) : nodes(nodes), needed(nodes.size()) {
	}

	void Run() {
		NeedAll(nodes.size() - 1);
		for (idx_t i = nodes.size(); i-- > 0;) {
			Prune(i);
		}
	}

private:
	void NeedAll(idx_t index) {
		for (auto &column : nodes[index].columns) {
			needed[index].insert(column.name);
		}
	}

	void Prune(idx_t index) {
		auto &node = nodes[index];
		if (node.columns.empty()) {
			return;
		}
		// A row has at least one column.
		if (needed[index].empty()) {
			needed[index].insert(node.columns[0].name);
		}
		auto is_needed = [&](const Column &column) { return needed[index].count(column.name) > 0; };
		if (node.kind == "project") {
			KeepParallel(node, 0, "expressions", is_needed);
		} else if (node.kind == "table" || node.kind == "call") {
			KeepParallel(node, 0, "source_columns", is_needed);
		} else if (node.kind == "aggregate") {
			KeepParallel(node, Get(node, "groups").list.size(), "aggregates", is_needed);
		} else if (node.kind == "window") {
			KeepParallel(node, node.columns.size() - Get(node, "windows").list.size(), "windows", is_needed);
		}
		NeedInputs(index);
		if (node.kind == "window" && Get(node, "windows").list.empty()) {
			node.kind = "filter";
			node.fields = {{"conditions", Field::List()}};
		}
	}

	//! Drops unneeded columns of a node, from a first one on, and the same entries of the field that computes them.
	template <class NEEDED>
	static void KeepParallel(Node &node, idx_t first, const char *field, const NEEDED &is_needed) {
		auto &list = Get(node, field).list;
		std::vector<Column> columns(node.columns.begin(), node.columns.begin() + static_cast<std::ptrdiff_t>(first));
		Field::List kept;
		for (idx_t i = 0; i < list.size(); i++) {
			if (is_needed(node.columns[first + i])) {
				columns.push_back(node.columns[first + i]);
				kept.push_back(list[i]);
			}
		}
		columns.insert(columns.end(), node.columns.begin() + static_cast<std::ptrdiff_t>(first + list.size()),
		               node.columns.end());
		node.columns = std::move(columns);
		list = std::move(kept);
	}

	void NeedInputs(idx_t index) {
		auto &node = nodes[index];
		auto needs_all = node.kind == "union" || node.kind == "except" || node.kind == "intersect" ||
		                 node.kind == "opaque" || (node.kind == "distinct" && Get(node, "on").list.empty());
		auto names = References(node);
		names.insert(needed[index].begin(), needed[index].end());
		for (auto input : node.inputs) {
			if (needs_all) {
				NeedAll(input);
			}
			for (auto &column : nodes[input].columns) {
				if (names.count(column.name)) {
					needed[input].insert(column.name);
				}
			}
		}
	}

	std::vector<Node> &nodes;
	std::vector<NameSet> needed;
};

//! How many columns a node has of its own, after those that it passes on; nothing if it passes on none.
std::optional<idx_t> OwnColumns(const Node &node) {
	if (node.kind == "filter" || node.kind == "order" || node.kind == "limit" || node.kind == "distinct") {
		return 0;
	}
	if (node.kind == "join") {
		return Get(node, "type").text == "mark" ? 1 : 0;
	}
	if (node.kind == "window" || node.kind == "unnest") {
		return Get(node, node.kind == "window" ? "windows" : "expressions").list.size();
	}
	return std::nullopt;
}

//! Drops columns that a node passed on and its inputs, which were pruned, no longer have.
void PassOn(std::vector<Node> &nodes) {
	for (auto &node : nodes) {
		auto own = OwnColumns(node);
		if (!own) {
			continue;
		}
		std::vector<Column> columns;
		auto type = node.kind == "join" ? Get(node, "type").text : "";
		auto is_of_left = type == "mark" || type == "semi" || type == "anti";
		for (idx_t i = 0; i < (is_of_left ? 1 : node.inputs.size()); i++) {
			auto &offered = nodes[node.inputs[i]].columns;
			columns.insert(columns.end(), offered.begin(), offered.end());
		}
		columns.insert(columns.end(), node.columns.end() - static_cast<std::ptrdiff_t>(*own), node.columns.end());
		node.columns = std::move(columns);
	}
}

//! Without the nodes that the root does not need, as those of a CTE that nobody reads.
std::vector<Node> Reachable(std::vector<Node> nodes) {
	std::vector<bool> needed(nodes.size());
	needed.back() = true;
	for (idx_t i = nodes.size(); i-- > 0;) {
		for (auto input : nodes[i].inputs) {
			needed[input] = needed[input] || needed[i];
		}
	}
	std::vector<idx_t> places(nodes.size());
	std::vector<Node> result;
	for (idx_t i = 0; i < nodes.size(); i++) {
		if (needed[i]) {
			for (auto &input : nodes[i].inputs) {
				input = places[input];
			}
			places[i] = result.size();
			result.push_back(std::move(nodes[i]));
		}
	}
	return result;
}

} // namespace

std::vector<Node> Tidy(std::vector<Node> nodes) {
	ReadThroughRenamings(nodes);
	nodes = Reachable(std::move(nodes));
	ReplaceDomainJoins(nodes);
	PassOn(nodes);
	ReadThroughRenamings(nodes);
	nodes = Reachable(std::move(nodes));
	Pruning(nodes).Run();
	PassOn(nodes);
	return nodes;
}

} // namespace cocosql
