// What is known, by what is asked for.

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
  for (const [view, shown] of Object.entries(data.views))
    shown.rows.forEach((row) => rowIndex.set(rowKey(view, row[0]), row));
  parents = new Map();
  children = new Map();
  for (const [view, lineage] of Object.entries(data.lineage)) {
    for (const [row, made] of Object.entries(lineage.rows || {})) {
      for (const [origin, calls] of made) {
        const [node, key, state, content] = lineage.origins[origin];
        push(parents, rowKey(view, row), {
          node,
          key,
          state,
          content,
          calls: calls.map((call) => lineage.calls[call]),
        });
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

const functionNamed = (name) =>
  data.nodes.find((node) => node.kind === "function" && node.name.toLowerCase() === name.toLowerCase());
const nodeName = (id) => (nodes.has(id) ? nodes.get(id).name : id);
const isView = (id) => nodes.has(id) && nodes.get(id).kind === "view";
