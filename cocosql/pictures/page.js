// The page of a database. All that it shows is in `data`; nothing of it is ever read as HTML.
"use strict";

let data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

/** An element with properties, and children that are elements or text. */
function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const count = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
const seconds = (value) => (value === null || value === undefined ? "–" : value < 0.0995 ? `${(value * 1000).toFixed(value < 0.01 ? 1 : 0)} ms` : value < 99.5 ? `${value.toFixed(value < 9.95 ? 2 : 1)} s` : `${Math.round(value / 60)} min`);
const size = (bytes) => (bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.round(bytes / 1e3)} kB`);
const moment = (text) => (text ? new Date(text).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" }) : "–");
const short = (version) => (version || "").slice(0, 8);
const statusClass = (status) => status.replaceAll(" ", "-");

// ---------------------------------------------------------------- what is known, by what it is asked for

let nodes, before, after, rowIndex, parents, children;

function index() {
  nodes = new Map(data.nodes.map((node) => [node.id, node]));
  before = new Map();
  after = new Map();
  for (const [start, end] of data.edges) {
    push(before, end, start);
    push(after, start, end);
  }
  rowIndex = new Map();
  for (const [view, shown] of Object.entries(data.views)) shown.rows.forEach((row) => rowIndex.set(rowKey(view, row[0]), row));
  parents = new Map();
  children = new Map();
  for (const [view, lineage] of Object.entries(data.lineage)) {
    for (const [row, made] of Object.entries(lineage.rows || {})) {
      for (const [origin, calls] of made) {
        const [node, key, state, content] = lineage.origins[origin];
        push(parents, rowKey(view, row), { node, key, state, content, calls: calls.map((call) => lineage.calls[call]) });
        push(children, rowKey(node, key), { node: view, key: row });
      }
    }
  }
}

const rowKey = (node, key) => JSON.stringify([node, key]);

function push(map, key, value) {
  if (!map.has(key)) map.set(key, []);
  map.get(key).push(value);
}

const functionNamed = (name) => data.nodes.find((node) => node.kind === "function" && node.name.toLowerCase() === name.toLowerCase());
const nodeName = (id) => (nodes.has(id) ? nodes.get(id).name : id);
const isView = (id) => nodes.has(id) && nodes.get(id).kind === "view";

// ---------------------------------------------------------------- where one is: kept in the address, so that "back" works

const address = (...parts) => `#${parts.map(encodeURIComponent).join("/")}`;
function go(...parts) {
  const to = address(...parts);
  if (location.hash !== to) history.pushState(null, "", to);
  render();
}

function place() {
  try {
    return location.hash.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return [""];
  }
}

const TABS = ["graph", "runs", "errors", "functions"];
let tab = "graph";
let openView = null;

function render() {
  const [kind, first, second] = place();
  if (TABS.includes(kind)) tab = kind;
  if (kind === "node" || kind === "row" || kind === "origin") tab = "graph";
  for (const name of TABS) {
    const isOn = name === tab;
    byId(`tab-${name}`).setAttribute("aria-selected", isOn);
    byId(`tab-${name}`).tabIndex = isOn ? 0 : -1;
    byId(`view-${name}`).hidden = !isOn;
  }
  const panel = byId("panel");
  let shown = null;
  let path = new Set();
  if (kind === "node" && nodes.has(first)) {
    const node = nodes.get(first);
    shown = nodePanel(node);
    path = new Set([first]);
    openView = node.kind === "view" ? first : node.view || null;
  } else if (kind === "row" && rowIndex.has(rowKey(first, second))) {
    openView = first;
    shown = rowPanel(first, second, path);
  } else if (kind === "origin" && nodes.has(first)) {
    openView = null;
    shown = originPanel(first, second, path);
  } else if (kind === "run") {
    tab = "runs";
    const run = data.runs.find((one) => String(one.run_id) === first && one.database === second);
    shown = run ? runPanel(run) : null;
  } else if (TABS.includes(kind) || !kind) {
    openView = null;
  }
  panel.hidden = !shown;
  panel.replaceChildren(...(shown || []));
  panel.scrollTop = 0;
  mark(path, kind === "node" ? first : null);
  showRows(openView, kind === "row" ? second : null);
  if (kind === "run") for (const name of TABS) {
    byId(`view-${name}`).hidden = name !== "runs";
    byId(`tab-${name}`).setAttribute("aria-selected", name === "runs");
  }
}

const close = () => {
  const [kind, first] = place();
  go(kind === "run" ? "runs" : kind === "row" ? "node" : tab, ...(kind === "row" ? [first] : []));
  if (kind === "node") focusNode(first);
};

// ---------------------------------------------------------------- panels

const heading = (kind, name, badge) => [
  el("p", { class: "kind" }, kind),
  el("div", { class: "title" }, el("h2", {}, name), badge, el("button", { class: "close", "aria-label": "Close", onclick: close }, "×")),
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

const WORDS = /(--[^\n]*|#[^\n]*)|('(?:[^']|'')*'|"(?:[^"\\\n]|\\.)*")|\b(SELECT|FROM|WHERE|GROUP BY|ORDER BY|PARTITION BY|JOIN|LEFT|RIGHT|FULL|OUTER|INNER|CROSS|SEMI|ANTI|ASOF|ON|USING|AS|AND|OR|NOT|IN|EXISTS|IS|NULL|CASE|WHEN|THEN|ELSE|END|HAVING|QUALIFY|OVER|DISTINCT|UNION|ALL|EXCEPT|INTERSECT|LIMIT|OFFSET|WITH|LATERAL|VALUES|FILTER|BETWEEN|LIKE|CAST|DESC|ASC|UNNEST|def|return|if|elif|else|for|in|import|from|class|async|await|lambda|raise|try|except|with|as|not|and|or|is|None|True|False|yield|while)\b/g;

/** SQL or Python with its words in colour. */
function code(text, isPython = false) {
  const pre = el("pre", { tabindex: 0 });
  let position = 0;
  for (const found of text.matchAll(WORDS)) {
    const [word, remark, quoted] = found;
    if ((remark && remark.startsWith("#") !== isPython) || (quoted && quoted.startsWith('"') && !isPython)) continue;
    pre.append(text.slice(position, found.index), el("span", { class: remark ? "remark" : quoted ? "text" : "keyword" }, word));
    position = found.index + word.length;
  }
  pre.append(text.slice(position));
  return pre;
}

const neighbours = (ids, kinds) => {
  const found = (ids || []).filter((id) => kinds.includes(nodes.get(id).kind));
  return found.length ? el("span", {}, found.flatMap((id, number) => [number ? ", " : null, link(nodeName(id), "node", id)])) : null;
};

function nodePanel(node) {
  const readers = neighbours(readersOf(node.id), ["view"]);
  switch (node.kind) {
    case "view": return viewPanel(node, readers);
    case "function": return functionPanel(node, readers);
    case "source":
      return [...heading("Source", node.name), facts([["rows seen", node.rows?.toLocaleString("en")], ["read by", readers]]),
        ...section("How its changes are found", el("p", {}, node.rule))];
    default:
      return [...heading("Operator", node.name), facts([["in view", link(nodeName(node.view), "node", node.view)],
        ["rows kept", node.rows?.toLocaleString("en")], ["on disk", node.bytes ? size(node.bytes) : null],
        ["calls", neighbours(before.get(node.id), ["function"])]]),
        ...section("Rule", el("p", {}, node.rule)), ...section("SQL", code(node.sql))];
  }
}

/** The views that read a source, a view or what a function makes. */
const readersOf = (id) => [...new Set((after.get(id) || []).map((next) => (nodes.get(next).kind === "operator" ? nodes.get(next).view : next)))];

function viewPanel(node, readers) {
  const runs = data.runs.filter((run) => run.node === node.id).slice(0, 6);
  const failed = data.errors.filter((error) => error.node === node.id).length;
  const functions = Object.keys(node.calls).map(functionNamed).filter(Boolean);
  return [
    ...heading("View", node.name, badge(node.status)),
    node.reason ? el("p", { class: "note" }, node.reason) : null,
    facts([
      ["rows", node.rows.toLocaleString("en")], ["version", node.version], ["key", node.key.join(", ")], ["refreshed", moment(node.refreshed)],
      ["kept true", node.incremental ? "by what changed" : "recomputed and compared"],
      ["options", Object.entries(node.options).map(([name, value]) => `${name} = ${value}`).join("\n")],
      ["read by", readers],
      ["calls", functions.length ? el("span", {}, functions.flatMap((one, number) => [number ? ", " : null, link(one.name, "node", one.id)])) : null],
      ["failed calls", failed ? link(String(failed), "errors") : null],
    ]),
    ...section("SQL", code(node.query)),
    ...section("Last runs", runs.length ? runTable(runs, true) : null),
  ].filter(Boolean);
}

function functionPanel(node, readers) {
  return [
    ...heading("Function", node.name),
    facts([["signature", el("code", {}, node.signature)], ["called by", readers]]),
    ...section(count(node.versions.length, "code version"), node.versions.map((version, number) => versionDetails(version, number === 0))),
  ].filter(Boolean);
}

function versionDetails(version, isOpen) {
  return el("details", { open: isOpen },
    el("summary", {}, el("span", {}, el("code", {}, short(version.code_version)), isOpen ? " · latest" : ""),
      el("span", { class: "note" }, `${count(version.calls, "call")}, ${count(version.hits, "hit")}${version.errors ? `, ${version.errors} failed` : ""}`)),
    code(version.source || "The source is not known.", Boolean(version.source)));
}

const MOST_LISTED = 24; // of each node; further on fewer

/** One row of a view or a source, as an item of a tree. */
function item({ node, key, state, content }) {
  const row = rowIndex.get(rowKey(node, key));
  const what = row ? summary(row) : isView(node) ? "a row that is not on this page" : keyText(key, content);
  const open = isView(node) ? () => row && go("row", node, key) : () => go("origin", node, key);
  return el("button", { onclick: open, title: what }, el("span", { class: `where ${isView(node) ? "view" : "source"}` }, nodeName(node)),
    el("span", { class: "what" }, what), state && state !== "current" ? badge(state) : null);
}

const summary = (row) => row.slice(1).filter((value) => value !== null).map((value) => value.slice(0, 60)).join(" · ");

function fieldsOf(text) {
  try {
    const found = JSON.parse(text);
    return found && typeof found === "object" ? Object.entries(found).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]) : [];
  } catch {
    return [];
  }
}
const keyText = (key, content) => fieldsOf(key).map(([, value]) => value).join(", ") || content || key;

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
    if (steps.length > most) list.append(el("li", { class: "more" }, `and ${(steps.length - most).toLocaleString("en")} more of ${nodeName(node)}`));
  }
  return list.childElementCount ? list : null;
}

function rowPanel(view, id, path) {
  const { columns } = data.views[view];
  const row = rowIndex.get(rowKey(view, id));
  const lineage = data.lineage[view] || {};
  const start = rowKey(view, id);
  path.add(view);
  const calls = new Map((parents.get(start) || []).flatMap((one) => one.calls).map((call) => [JSON.stringify(call), call]));
  const back = tree(start, parents, path);
  const forward = tree(start, children, path);
  return [
    ...heading("Row of", nodeName(view)),
    facts(columns.map(([name], number) => [name, cell(row[number + 1])])),
    ...section("Comes from", lineage.totals?.[id] ? el("p", { class: "note" }, `${lineage.totals[id].toLocaleString("en")} rows, of which the page has some.`) : null, back || el("p", { class: "note" }, lineage.error || (lineage.is_cut ? "What it comes from is not on this page, which was cut." : "Nothing: the row is written in the query."))),
    ...section("Calls that made it", [...calls.values()].map(([name, version, run]) => callItem(name, version, run))),
    ...section("What depends on it", forward || noForward(view)),
  ];
}

/** Why nothing is shown that depends on a row of a node. */
function noForward(id) {
  const problems = readersOf(id).filter((reader) => data.lineage[reader]?.error).map((reader) => `${nodeName(reader)}: ${data.lineage[reader].error}`);
  return el("p", { class: "note" }, problems.join("\n") || "No row on this page.");
}

function callItem(name, version, run) {
  const node = functionNamed(name);
  return el("p", {}, node ? link(name, "node", node.id) : name, el("span", { class: "note" }, version ? ` · code ${short(version)}` : "", run ? ` · in run ${run}` : ""));
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

const cell = (value) => (value === null ? el("span", { class: "null" }, "NULL") : value);

// ---------------------------------------------------------------- the graph

let view = null; // what of the drawing is seen: x, y, width, height
let whole = null;
let isMoved = false; // by hand: then it stays as it is until "Fit"

function drawGraph() {
  const parsed = new DOMParser().parseFromString(data.svg, "image/svg+xml").documentElement;
  const drawing = document.importNode(parsed, true);
  byId("graph").replaceChildren(drawing, ...(nodes.size ? [] : [el("p", { class: "empty over" }, "There is no incremental view yet.")]));
  drawing.setAttribute("role", "group");
  drawing.removeAttribute("width");
  drawing.removeAttribute("height");
  whole = drawing.getAttribute("viewBox").split(" ").map(Number);
  drawing.querySelectorAll(".node").forEach((shape, number) => {
    shape.setAttribute("role", "button");
    shape.setAttribute("tabindex", number ? -1 : 0);
    shape.setAttribute("aria-label", shape.querySelector("title").textContent);
    shape.addEventListener("click", () => go("node", shape.dataset.id));
    shape.addEventListener("focus", () => drawing.querySelectorAll(".node").forEach((one) => one.setAttribute("tabindex", one === shape ? 0 : -1)));
    shape.addEventListener("keydown", (event) => onNodeKey(event, shape));
  });
}

const shapes = () => [...byId("graph").querySelectorAll(".node")];
const shapeOf = (id) => shapes().find((shape) => shape.dataset.id === id);
const focusNode = (id) => shapeOf(id)?.focus();

/** Arrow keys go to the nearest node in that direction. */
function onNodeKey(event, shape) {
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    go("node", shape.dataset.id);
    byId("panel").focus();
    return;
  }
  const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] || [0, 0];
  if (!x && !y) return;
  event.preventDefault();
  const middle = (one) => {
    const box = one.getBBox();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const here = middle(shape);
  const reached = shapes().map((one) => {
    const [dx, dy] = middle(one).map((value, axis) => value - here[axis]);
    const along = dx * x + dy * y;
    return { one, along, cost: along + 3 * Math.abs(dx * y + dy * x) };
  }).filter(({ along }) => along > 4);
  reached.sort((a, b) => a.cost - b.cost)[0]?.one.focus();
}

/** Show which nodes a selection goes through. */
function mark(path, chosen) {
  const words = byId("search").value.trim().toLowerCase();
  const found = new Set(data.nodes.filter((node) => node.name.toLowerCase().includes(words)).map((node) => node.id));
  const isFound = (id) => !words || !found.size || found.has(id);
  const onPath = path.size > 1 ? withOperators(path) : null;
  for (const shape of shapes()) {
    const id = shape.dataset.id;
    shape.classList.toggle("chosen", id === chosen);
    shape.classList.toggle("dim", !isFound(id) || Boolean(onPath && !onPath.has(id)));
  }
  for (const edge of byId("graph").querySelectorAll(".edge")) {
    const { from, to } = edge.dataset;
    const touches = Boolean(chosen) && (from === chosen || to === chosen);
    edge.classList.toggle("on", onPath ? onPath.has(from) && onPath.has(to) : touches);
    edge.classList.toggle("dim", Boolean(onPath && !(onPath.has(from) && onPath.has(to))));
  }
}

/** Nodes with the operators that lie between them. */
function withOperators(path) {
  const reach = (id, steps) => {
    const found = new Set([id]);
    const todo = [id];
    while (todo.length) {
      for (const next of steps.get(todo.pop()) || []) {
        if (nodes.get(next).kind === "operator" && !found.has(next)) {
          found.add(next);
          todo.push(next);
        }
      }
    }
    return found;
  };
  const down = new Set([...path].flatMap((id) => [...reach(id, after)]));
  const up = new Set([...path].flatMap((id) => [...reach(id, before)]));
  return new Set([...path, ...[...down].filter((id) => up.has(id))]);
}

function see(x, y, width, height) {
  view = [x, y, width, height];
  byId("graph").firstElementChild.setAttribute("viewBox", view.join(" "));
}

/** The whole drawing, but not larger than twice its size. */
function fit() {
  isMoved = false;
  const box = byId("graph").getBoundingClientRect();
  const [x, y, width, height] = whole;
  const scale = Math.max(width / (box.width || 1), height / (box.height || 1), 0.75);
  const [w, h] = [(box.width || 1) * scale, (box.height || 1) * scale];
  see(x + (width - w) / 2, y + (height - h) / 2, w, h);
}

function zoom(factor, atX = 0.5, atY = 0.5) {
  isMoved = true;
  const [x, y, width, height] = view;
  const by = Math.min(Math.max(factor, 80 / width), (whole[2] * 4) / width);
  see(x + width * (1 - by) * atX, y + height * (1 - by) * atY, width * by, height * by);
}

function makeMovable(pane) {
  let start = null;
  pane.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = pane.getBoundingClientRect();
    zoom(Math.exp(event.deltaY / 500), (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }, { passive: false });
  pane.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && !event.target.closest(".node")) start = [event.clientX, event.clientY, ...view];
  });
  window.addEventListener("pointermove", (event) => {
    if (!start) return;
    isMoved = true;
    pane.classList.add("dragged");
    const box = pane.getBoundingClientRect();
    const [fromX, fromY, x, y, width, height] = start;
    see(x - ((event.clientX - fromX) * width) / box.width, y - ((event.clientY - fromY) * height) / box.height, width, height);
  });
  new ResizeObserver(() => isMoved || fit()).observe(pane);
  window.addEventListener("pointerup", () => {
    start = null;
    pane.classList.remove("dragged");
  });
}

// ---------------------------------------------------------------- rows of a view: only those in sight are elements

const ROW_HEIGHT = 32;
let grid = null;

function showRows(id, chosen) {
  const holder = byId("rows");
  const words = byId("search").value.trim().toLowerCase();
  holder.hidden = !id || !data.views[id];
  if (!holder.hidden && !(grid && grid.id === id && grid.words === words && grid.data === data)) makeGrid(id, words);
  if (holder.hidden) grid = null;
  else grid.choose(chosen);
}

function makeGrid(id, words) {
  const { columns, rows, total } = data.views[id];
  const found = words ? rows.filter((row) => row.some((value, number) => number && value !== null && value.toLowerCase().includes(words))) : rows;
  const isNumber = columns.map(([, type]) => /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/.test(type));
  const widths = columns.map(([name, type], number) => {
    const longest = Math.max(name.length * 1.1 + Math.min(type.length, 24) * 1.05 + 2, ...rows.slice(0, 60).map((row) => (row[number + 1] || "").length));
    return `${Math.round(Math.min(Math.max(longest * 7.4 + 36, 90), 420))}px`;
  });
  const template = widths.join(" ");
  const head = el("div", { class: "head", role: "row" }, columns.map(([name, type], number) => el("div", { role: "columnheader", class: isNumber[number] ? "number" : "" }, name, el("small", {}, type.length > 24 ? `${type.slice(0, 22)}…` : type))));
  head.style.gridTemplateColumns = template;
  const body = el("div", { role: "rowgroup" });
  body.style.height = `${found.length * ROW_HEIGHT}px`;
  body.style.position = "relative";
  const scroll = el("div", { class: "grid", role: "grid", tabindex: 0, "aria-label": `Rows of ${nodeName(id)}`, "aria-rowcount": found.length, "aria-colcount": columns.length }, head, body);
  const cut = rows.length < total ? ` The page has the first ${rows.length.toLocaleString("en")}.` : "";
  const note = `${count(total, "row")}.${cut}${words ? ` ${count(found.length, "row")} with “${words}”.` : ""}`;
  const scrolled = grid?.id === id ? byId("rows").querySelector(".grid").scrollTop : 0;
  byId("rows").replaceChildren(el("div", { class: "bar" }, el("h2", {}, nodeName(id)), el("p", { role: "status" }, note)), scroll);

  scroll.scrollTop = scrolled;

  let at = 0; // the row that keys work on
  let chosen = null;
  const drawRow = (number) => {
    const row = found[number];
    const made = el("div", { class: `row${row[0] === chosen ? " chosen" : ""}${number === at ? " focused" : ""}`, role: "row", id: `row-${number}`, "aria-rowindex": number + 1, "aria-selected": row[0] === chosen },
      columns.map((_, column) => el("div", { role: "gridcell", class: isNumber[column] ? "number" : "" }, cell(row[column + 1]))));
    made.style.gridTemplateColumns = template;
    made.style.transform = `translateY(${number * ROW_HEIGHT}px)`;
    made.addEventListener("click", () => {
      at = number;
      go("row", id, row[0]);
    });
    return made;
  };
  const draw = () => {
    const first = Math.max(Math.floor(scroll.scrollTop / ROW_HEIGHT) - 8, 0);
    const last = Math.min(first + Math.ceil(scroll.clientHeight / ROW_HEIGHT) + 16, found.length);
    body.replaceChildren(...Array.from({ length: Math.max(last - first, 0) }, (_, number) => drawRow(first + number)));
    if (found.length) scroll.setAttribute("aria-activedescendant", `row-${at}`);
  };
  const moveTo = (number) => {
    at = Math.min(Math.max(number, 0), found.length - 1);
    const top = at * ROW_HEIGHT;
    const room = scroll.clientHeight - head.offsetHeight - ROW_HEIGHT;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    if (top > scroll.scrollTop + room) scroll.scrollTop = top - room;
    draw();
  };
  scroll.addEventListener("scroll", () => requestAnimationFrame(draw));
  scroll.addEventListener("keydown", (event) => {
    const page = Math.floor(scroll.clientHeight / ROW_HEIGHT) - 2;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: found.length - 1 }[event.key];
    if (to !== undefined && found.length) {
      event.preventDefault();
      moveTo(to);
    } else if (event.key === "Enter" && found[at]) {
      go("row", id, found[at][0]);
      byId("panel").focus();
    }
  });
  new ResizeObserver(draw).observe(scroll);
  grid = {
    id, words, data,
    choose(row) {
      chosen = row;
      const number = row === null ? -1 : found.findIndex((one) => one[0] === row);
      if (number >= 0) moveTo(number);
      else draw();
    },
  };
}

// ---------------------------------------------------------------- the other tabs

const written = (run) => ["inserted", "updated", "deleted"].map((what, number) => (run[what] ? `${"+~−"[number]}${run[what].toLocaleString("en")}` : null)).filter(Boolean).join(" ") || "0";

function runTable(runs, isShort) {
  const longest = Math.max(...runs.map((run) => run.seconds || 0), 0.001);
  const head = isShort ? ["when", "written", "took"] : ["run", "view", "when", "status", "version", "rows written", "calls", "hits", "failed", "took"];
  const rows = runs.map((run) => {
    const bar = el("i");
    bar.style.width = `${Math.round(((run.seconds || 0) / longest) * (isShort ? 40 : 90))}px`;
    const took = el("td", { class: "duration" }, run.seconds === null ? el("span", { class: "note" }, "with another") : el("span", { class: `meter ${run.status}` }, bar, seconds(run.seconds)));
    const open = () => go("run", run.run_id, run.database);
    const onkeydown = (event) => {
      if (event.key === "Enter") open();
    };
    const cells = isShort
      ? [el("td", {}, run.status === "succeeded" ? null : [badge(run.status), " "], moment(run.started_at)), el("td", { class: "number" }, written(run)), took]
      : [el("td", { class: "number" }, run.run_id), el("td", {}, run.node ? nodeName(run.node) : run.view), el("td", { class: "when" }, moment(run.started_at)), el("td", {}, badge(run.status)),
        el("td", { class: "number" }, run.version ?? "–"), el("td", { class: "number" }, written(run)), ...["calls", "hits", "errors"].map((name) => el("td", { class: "number" }, (run[name] || 0).toLocaleString("en"))), took];
    return el("tr", { tabindex: 0, onclick: open, onkeydown }, cells);
  });
  const numeric = new Set(["run", "version", "rows written", "written", "calls", "hits", "failed"]);
  return el("table", {}, el("thead", {}, el("tr", {}, head.map((name) => el("th", { class: numeric.has(name) ? "number" : "", scope: "col" }, name)))), el("tbody", {}, rows));
}

function runPanel(run) {
  const longest = Math.max(...run.steps.map((step) => step.seconds), 0.001);
  const steps = run.steps.map((step) => {
    const bar = el("i");
    bar.style.width = `${Math.round((step.seconds / longest) * 40)}px`;
    return el("tr", {}, el("td", {}, step.view === run.view ? step.what : `${step.view}: ${step.what}`), el("td", { class: "number" }, step.rows?.toLocaleString("en") ?? ""), el("td", { class: "duration" }, el("span", { class: "meter" }, bar, seconds(step.seconds))));
  });
  return [
    ...heading("Run", `${run.run_id} of ${run.view}`, badge(run.status)),
    facts([["started", moment(run.started_at)], ["took", run.seconds === null ? "part of the refresh of a view that reads it" : seconds(run.seconds)], ["version", run.version], ["rows written", written(run)],
      ["calls", run.calls || null], ["hits", run.hits || null], ["failed", run.errors || null], ["changed", (run.changed_sources || []).join(", ")],
      ["code", Object.entries(run.functions || {}).map(([name, version]) => `${name} ${short(version)}`).join("\n")], ["view", run.node ? link(nodeName(run.node), "node", run.node) : run.view]]),
    ...section("Error", run.error ? el("pre", { tabindex: 0 }, run.error) : null),
    ...section("Steps", steps.length ? el("table", {}, el("tbody", {}, steps)) : null),
    ...section("Query", run.query ? code(run.query) : null),
  ].filter(Boolean);
}

function showTabs() {
  const empty = (text) => el("p", { class: "empty" }, text);
  const cut = (shown, total) => (shown.length < total ? el("p", { class: "note" }, `The page has the last ${shown.length.toLocaleString("en")} of ${total.toLocaleString("en")}.`) : "");
  byId("view-runs").replaceChildren(el("h2", {}, "Runs"), cut(data.runs, data.run_count), data.runs.length ? runTable(data.runs, false) : empty("Nothing was refreshed yet."));
  const errors = data.errors.map((error) => el("tr", {}, el("td", {}, error.node ? link(nodeName(error.node), "node", error.node) : error.view), el("td", {}, error.function, el("div", { class: "note" }, short(error.code_version))),
    el("td", {}, el("pre", { tabindex: 0 }, error.input)), el("td", {}, el("pre", { tabindex: 0 }, error.error)), el("td", { class: "number" }, error.attempts), el("td", {}, moment(error.failed_at))));
  byId("view-errors").replaceChildren(el("h2", {}, "Failed calls"), cut(data.errors, data.error_count), errors.length
    ? el("table", {}, el("thead", {}, el("tr", {}, ["view", "function", "input", "error", "attempts", "when"].map((name) => el("th", { scope: "col", class: name === "attempts" ? "number" : "" }, name)))), el("tbody", {}, errors))
    : empty("No call has failed in the last refresh of any view."));
  const functions = data.nodes.filter((node) => node.kind === "function");
  const total = (node, what) => node.versions.reduce((sum, version) => sum + version[what], 0);
  byId("view-functions").replaceChildren(el("h2", {}, "Functions"), functions.length
    ? el("table", {}, el("thead", {}, el("tr", {}, ["function", "signature", "code versions", "calls", "hits", "failed", "seconds in Python"].map((name, number) => el("th", { scope: "col", class: number > 1 ? "number" : "" }, name)))),
      el("tbody", {}, functions.map((node) => el("tr", {}, el("td", {}, link(node.name, "node", node.id)), el("td", {}, el("code", {}, node.signature)), el("td", { class: "number" }, node.versions.length),
        ...["calls", "hits", "errors"].map((what) => el("td", { class: "number" }, total(node, what).toLocaleString("en"))), el("td", { class: "number" }, seconds(total(node, "seconds")))))))
    : empty("No view calls a Python function."));
  const [label] = byId("tab-errors").childNodes;
  byId("tab-errors").replaceChildren(label, ...(data.error_count ? [el("span", { class: "count" }, data.error_count.toLocaleString("en"))] : []));
}

function showHeader() {
  byId("title").textContent = data.title;
  const views = data.nodes.filter((node) => node.kind === "view");
  const states = new Map();
  views.forEach((node) => push(states, node.status, node));
  byId("summary").textContent = [count(views.length, "view"), ...[...states].map(([status, of]) => `${of.length} ${status}`)].join(" · ");
  byId("made").textContent = `as of ${moment(data.made)}`;
}

// ---------------------------------------------------------------- keys, and news

function onKey(event) {
  const isTyping = event.target.matches("input");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    byId("search").focus();
  } else if (event.key === "Escape") {
    if (isTyping && event.target.value) {
      event.target.value = "";
      search();
    } else if (isTyping) event.target.blur();
    else if (!byId("panel").hidden) close();
  }
}

function search() {
  const [kind, first, second] = place();
  mark(new Set(), kind === "node" ? first : null);
  showRows(openView, kind === "row" ? second : null);
}

function onSearchKey(event) {
  if (event.key !== "Enter") return;
  const words = event.target.value.trim().toLowerCase();
  const found = words ? data.nodes.filter((node) => node.name.toLowerCase().includes(words)) : [];
  const order = ["view", "source", "function", "operator"];
  const best = found.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))[0];
  if (best) {
    event.target.value = "";
    go("node", best.id);
    focusNode(best.id);
  }
}

function onTabKey(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length];
  go(next);
  byId(`tab-${next}`).focus();
}

/** Ask the server for what is new; it answers when there is something, or that the file is in use. */
async function listen() {
  const said = byId("made");
  for (;;) {
    try {
      const answer = await fetch(`data${location.search}&since=${encodeURIComponent(data.state)}`, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const news = await answer.json();
      if (news.data) {
        data = { ...news.data, is_live: true };
        start();
      }
      said.classList.toggle("waiting", Boolean(news.problem));
      said.textContent = news.problem ? `${news.problem}: showing the state of ${new Date(data.made).toLocaleTimeString("en-GB")}` : `live · ${new Date(data.made).toLocaleTimeString("en-GB")}`;
    } catch {
      said.classList.add("waiting");
      said.textContent = `not connected: showing the state of ${new Date(data.made).toLocaleTimeString("en-GB")}`;
    }
    await new Promise((done) => setTimeout(done, 1000));
  }
}

function start() {
  const focused = document.activeElement?.dataset?.id;
  index();
  showHeader();
  drawGraph();
  if (isMoved) see(...view);
  else fit();
  showTabs();
  render();
  if (focused) focusNode(focused);
}

for (const name of TABS) byId(`tab-${name}`).addEventListener("click", () => go(name));
document.querySelector("nav").addEventListener("keydown", onTabKey);
byId("zoom-in").addEventListener("click", () => zoom(0.8));
byId("zoom-out").addEventListener("click", () => zoom(1.25));
byId("zoom-fit").addEventListener("click", fit);
byId("search").addEventListener("input", search);
byId("search").addEventListener("keydown", onSearchKey);
document.addEventListener("keydown", onKey);
window.addEventListener("popstate", render);
makeMovable(byId("graph"));
start();
if (data.is_live) listen();
