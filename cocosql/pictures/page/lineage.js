// A row: where it comes from, and what depends on it.

const MOST_LISTED = 8; // of each node; further on fewer

/** One row of a view or a source, as an item of a tree. */
function item({ node, key, state, content }) {
  const row = rowIndex.get(rowKey(node, key));
  const what = row ? summary(row) : isView(node) ? "a row that is not on this page" : keyText(key, content);
  const open = isView(node) ? () => row && go("row", node, key) : () => go("origin", node, key);
  return el(
    "button",
    { onclick: open, title: what },
    el("span", { class: `where ${isView(node) ? "view" : "source"}` }, nodeName(node)),
    el("span", { class: "what" }, what),
    state && state !== "current" ? badge(state) : null,
  );
}

const summary = (row) =>
  row
    .slice(1)
    .filter((value) => value !== null)
    .map((value) => value.slice(0, 60))
    .join(" · ");

function fieldsOf(text) {
  try {
    const found = JSON.parse(text);
    return found && typeof found === "object"
      ? Object.entries(found).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)])
      : [];
  } catch {
    return [];
  }
}
const keyText = (key, content) =>
  fieldsOf(key)
    .map(([, value]) => value)
    .join(", ") ||
  content ||
  key;

/** What is reached from a row, step by step; each row once. `path` takes the nodes on the way. */
function tree(start, stepsFrom, path, seen = new Set([start]), depth = 0) {
  const list = el("ul", { class: depth ? "" : "tree" });
  const byNode = new Map();
  for (const one of stepsFrom.get(start) || []) {
    const key = rowKey(one.node, one.key);
    if (!seen.has(key)) push(byNode, one.node, one);
    seen.add(key);
  }
  const most = Math.ceil(MOST_LISTED / (depth + 1));
  for (const [node, steps] of byNode) {
    path.add(node);
    for (const one of steps.slice(0, most)) {
      (one.calls || []).forEach(([name]) => path.add(functionNamed(name)?.id));
      list.append(el("li", {}, item(one), tree(rowKey(one.node, one.key), stepsFrom, path, seen, depth + 1)));
    }
    if (steps.length > most) list.append(el("li", {}, more(node, steps.slice(most))));
  }
  return list.childElementCount ? list : null;
}

/** A button that lists the rows that are left. */
function more(node, left) {
  const show = (event) => event.target.closest("li").replaceWith(...left.map((one) => el("li", {}, item(one))));
  return el(
    "button",
    { class: "more", onclick: show },
    `${left.length.toLocaleString("en")} more of ${nodeName(node)}`,
  );
}

function rowPanel(view, id, path) {
  const { columns } = data.views[view];
  const row = rowIndex.get(rowKey(view, id));
  const lineage = data.lineage[view] || {};
  const start = rowKey(view, id);
  path.add(view);
  const calls = new Map(
    (parents.get(start) || []).flatMap((one) => one.calls).map((call) => [JSON.stringify(call), call]),
  );
  const back = tree(start, parents, path);
  const forward = tree(start, children, path);
  return [
    ...heading("Row of", nodeName(view)),
    facts(columns.map(([name], number) => [name, cell(row[number + 1])])),
    ...section(
      "Comes from",
      lineage.totals?.[id]
        ? el("p", { class: "note" }, `${lineage.totals[id].toLocaleString("en")} rows, of which the page has some.`)
        : null,
      back ||
        el(
          "p",
          { class: "note" },
          lineage.error ||
            (lineage.is_cut
              ? "What it comes from is not on this page, which was cut."
              : "Nothing: the row is written in the query."),
        ),
    ),
    ...section(
      "Calls that made it",
      [...calls.values()].map(([name, version, run]) => callItem(name, version, run)),
    ),
    ...section("What depends on it", forward || noForward(view)),
  ];
}

/** Why nothing is shown that depends on a row of a node. */
function noForward(id) {
  const problems = readersOf(id)
    .filter((reader) => data.lineage[reader]?.error)
    .map((reader) => `${nodeName(reader)}: ${data.lineage[reader].error}`);
  return el("p", { class: "note" }, problems.join("\n") || "No row on this page.");
}

function callItem(name, version, run) {
  const node = functionNamed(name);
  return el(
    "p",
    {},
    node ? link(name, "node", node.id) : name,
    el("span", { class: "note" }, version ? ` · code ${short(version)}` : "", run ? ` · in run ${run}` : ""),
  );
}

function originPanel(node, key, path) {
  path.add(node);
  const start = rowKey(node, key);
  let known = {};
  for (const { node: view, key: row } of children.get(start) || []) {
    known = parents.get(rowKey(view, row)).find((one) => one.node === node && one.key === key) || known;
  }
  const content = fieldsOf(known.content || "");
  return [
    ...heading("Row of source", nodeName(node), known.state ? badge(known.state) : null),
    facts(content.length ? content : fieldsOf(key)),
    ...section("What depends on it", tree(start, children, path) || noForward(node)),
  ];
}
