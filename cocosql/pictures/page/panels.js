// What is said of a node.

const heading = (kind, name, badge) => [
  el("p", { class: "kind" }, kind),
  el(
    "div",
    { class: "title" },
    el("h2", {}, name),
    badge,
    el("button", { class: "close", "aria-label": "Close", onclick: close }, "×"),
  ),
];
const badge = (status) => el("span", { class: `badge ${statusClass(status)}` }, status);
const link = (text, ...to) => el("button", { class: "link", onclick: () => go(...to) }, text);
function section(title, ...parts) {
  const shown = parts.flat().filter(Boolean);
  return shown.length ? [el("h3", {}, title), ...shown] : [];
}

function facts(pairs) {
  const list = el("dl");
  for (const [name, value] of pairs) {
    if (value === null || value === undefined || value === "") continue;
    list.append(el("dt", {}, name), el("dd", {}, value));
  }
  return list.childElementCount ? list : null;
}

/** The words of a language: remarks, texts and keywords, in this order. A quoted name of SQL is none of them. */
const SQL =
  /(--[^\n]*)|('(?:[^']|'')*')|"(?:[^"]|"")*"|\b(SELECT|FROM|WHERE|GROUP BY|ORDER BY|PARTITION BY|JOIN|LEFT|RIGHT|FULL|OUTER|INNER|CROSS|SEMI|ANTI|ASOF|ON|USING|AS|AND|OR|NOT|IN|EXISTS|IS|NULL|CASE|WHEN|THEN|ELSE|END|HAVING|QUALIFY|OVER|DISTINCT|UNION|ALL|EXCEPT|INTERSECT|LIMIT|OFFSET|WITH|LATERAL|VALUES|FILTER|BETWEEN|LIKE|CAST|DESC|ASC|UNNEST)\b/g;
const PYTHON =
  /(#[^\n]*)|('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|\b(def|return|if|elif|else|for|in|import|from|class|async|await|lambda|raise|try|except|with|as|not|and|or|is|None|True|False|yield|while)\b/g;

/** SQL or Python with its words in colour. */
function code(text, language = SQL) {
  const pre = el("pre", { tabindex: 0 });
  let position = 0;
  for (const found of text.matchAll(language)) {
    const [word, remark, quoted, keyword] = found;
    if (!remark && !quoted && !keyword) continue;
    pre.append(
      text.slice(position, found.index),
      el("span", { class: remark ? "remark" : quoted ? "text" : "keyword" }, word),
    );
    position = found.index + word.length;
  }
  pre.append(text.slice(position));
  return pre;
}

const neighbours = (ids, kinds) => {
  const found = (ids || []).filter((id) => kinds.includes(nodes.get(id).kind));
  return found.length
    ? el(
        "span",
        {},
        found.flatMap((id, number) => [number ? ", " : null, link(nodeName(id), "node", id)]),
      )
    : null;
};

function nodePanel(node) {
  const readers = neighbours(readersOf(node.id), ["view"]);
  switch (node.kind) {
    case "view":
      return viewPanel(node, readers);
    case "function":
      return functionPanel(node, readers);
    case "source":
      return [
        ...heading("Source", node.name),
        facts([
          ["rows seen", node.rows?.toLocaleString("en")],
          ["read by", readers],
        ]),
        ...section("How its changes are found", el("p", {}, node.rule)),
      ];
    default:
      return [
        ...heading("Operator", node.name),
        facts([
          ["in view", link(nodeName(node.view), "node", node.view)],
          ["rows kept", node.rows?.toLocaleString("en")],
          ["on disk", node.bytes ? size(node.bytes) : null],
          ["calls", neighbours(before.get(node.id), ["function"])],
        ]),
        ...section("Rule", el("p", {}, node.rule)),
        ...section("SQL", code(node.sql)),
      ];
  }
}

/** The views that read a source, a view or what a function makes. */
const readersOf = (id) => [
  ...new Set((after.get(id) || []).map((next) => (nodes.get(next).kind === "operator" ? nodes.get(next).view : next))),
];

function viewPanel(node, readers) {
  const runs = data.runs.filter((run) => run.node === node.id).slice(0, 6);
  const failed = data.errors.filter((error) => error.node === node.id).length;
  const functions = Object.keys(node.calls).map(functionNamed).filter(Boolean);
  return [
    ...heading("View", node.name, badge(node.status)),
    node.reason ? el("p", { class: "note" }, node.reason) : null,
    facts([
      ["rows", node.rows.toLocaleString("en")],
      ["version", node.version],
      ["key", node.key.join(", ")],
      ["refreshed", moment(node.refreshed)],
      ["kept true", node.incremental ? "by what changed" : "recomputed and compared"],
      [
        "options",
        Object.entries(node.options)
          .map(([name, value]) => `${name} = ${value}`)
          .join("\n"),
      ],
      ["read by", readers],
      [
        "calls",
        functions.length
          ? el(
              "span",
              {},
              functions.flatMap((one, number) => [number ? ", " : null, link(one.name, "node", one.id)]),
            )
          : null,
      ],
      ["failed calls", failed ? link(String(failed), "errors") : null],
    ]),
    ...section("SQL", code(node.query)),
    ...section("Last runs", runs.length ? runTable(runs, true) : null),
  ];
}

function functionPanel(node, readers) {
  return [
    ...heading("Function", node.name),
    facts([
      ["signature", el("code", {}, node.signature)],
      ["called by", readers],
    ]),
    ...section(
      count(node.versions.length, "code version"),
      node.versions.map((version, number) => versionDetails(version, number === 0)),
    ),
  ];
}

function versionDetails(version, isOpen) {
  return el(
    "details",
    { open: isOpen },
    el(
      "summary",
      {},
      el("span", {}, el("code", {}, short(version.code_version)), version.in_use ? " · in use" : ""),
      el(
        "span",
        { class: "note" },
        `${count(version.calls, "call")}, ${count(version.hits, "hit")}${version.errors ? `, ${version.errors} failed` : ""}`,
      ),
    ),
    version.source ? code(version.source, PYTHON) : el("p", { class: "note" }, "The source is not known."),
  );
}
