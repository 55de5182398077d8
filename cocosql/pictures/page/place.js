// Where one is: kept in the address, so that "back" works.

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
  panel.replaceChildren(...(shown || []).filter(Boolean));
  panel.scrollTop = 0;
  mark(path, kind === "node" ? first : null);
  showRows(openView, kind === "row" ? second : null);
  if (kind === "run")
    for (const name of TABS) {
      byId(`view-${name}`).hidden = name !== "runs";
      byId(`tab-${name}`).setAttribute("aria-selected", name === "runs");
    }
}

const close = () => {
  const [kind, first] = place();
  go(kind === "run" ? "runs" : kind === "row" ? "node" : tab, ...(kind === "row" ? [first] : []));
  if (kind === "node") focusNode(first);
};
