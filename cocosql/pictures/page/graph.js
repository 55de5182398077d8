// The drawing of the graph: what is seen of it, and the keys that work on it.

let view = null; // what of the drawing is seen: x, y, width, height
let whole = null;
let isMoved = false; // by hand: then it stays as it is until "Fit"

function drawGraph() {
  const parsed = new DOMParser().parseFromString(data.svg, "image/svg+xml").documentElement;
  const drawing = document.importNode(parsed, true);
  byId("graph").replaceChildren(
    drawing,
    ...(nodes.size ? [] : [el("p", { class: "empty over" }, "There is no incremental view yet.")]),
  );
  drawing.setAttribute("role", "group");
  drawing.removeAttribute("width");
  drawing.removeAttribute("height");
  whole = drawing.getAttribute("viewBox").split(" ").map(Number);
  drawing.querySelectorAll(".node").forEach((shape, number) => {
    shape.setAttribute("role", "button");
    shape.setAttribute("tabindex", number ? -1 : 0);
    shape.setAttribute("aria-label", shape.querySelector("title").textContent);
    shape.addEventListener("click", () => go("node", shape.dataset.id));
    shape.addEventListener("focus", () =>
      drawing.querySelectorAll(".node").forEach((one) => one.setAttribute("tabindex", one === shape ? 0 : -1)),
    );
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
  const reached = shapes()
    .map((one) => {
      const [dx, dy] = middle(one).map((value, axis) => value - here[axis]);
      const along = dx * x + dy * y;
      return { one, along, cost: along + 3 * Math.abs(dx * y + dy * x) };
    })
    .filter(({ along }) => along > 4);
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
  pane.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const box = pane.getBoundingClientRect();
      zoom(
        Math.exp(event.deltaY / 500),
        (event.clientX - box.left) / box.width,
        (event.clientY - box.top) / box.height,
      );
    },
    { passive: false },
  );
  pane.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && !event.target.closest(".node")) start = [event.clientX, event.clientY, ...view];
  });
  window.addEventListener("pointermove", (event) => {
    if (!start) return;
    isMoved = true;
    pane.classList.add("dragged");
    const box = pane.getBoundingClientRect();
    const [fromX, fromY, x, y, width, height] = start;
    see(
      x - ((event.clientX - fromX) * width) / box.width,
      y - ((event.clientY - fromY) * height) / box.height,
      width,
      height,
    );
  });
  new ResizeObserver(() => isMoved || fit()).observe(pane);
  window.addEventListener("pointerup", () => {
    start = null;
    pane.classList.remove("dragged");
  });
}
