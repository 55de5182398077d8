// Rows of a view: only those in sight are elements.

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
  const found = words
    ? rows.filter((row) => row.some((value, number) => number && value !== null && value.toLowerCase().includes(words)))
    : rows;
  const isNumber = columns.map(([, type]) =>
    /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/.test(type),
  );
  const widths = columns.map(([name, type], number) => {
    const longest = Math.max(
      name.length * 1.1 + Math.min(type.length, 24) * 1.05 + 2,
      ...rows.slice(0, 60).map((row) => (row[number + 1] || "").length),
    );
    return `${Math.round(Math.min(Math.max(longest * 7.4 + 36, 90), 420))}px`;
  });
  const template = widths.join(" ");
  const head = el(
    "div",
    { class: "head", role: "row" },
    columns.map(([name, type], number) =>
      el(
        "div",
        { role: "columnheader", class: isNumber[number] ? "number" : "" },
        name,
        el("small", {}, type.length > 24 ? `${type.slice(0, 22)}…` : type),
      ),
    ),
  );
  head.style.gridTemplateColumns = template;
  const body = el("div", { role: "rowgroup" });
  body.style.height = `${found.length * ROW_HEIGHT}px`;
  body.style.position = "relative";
  const scroll = el(
    "div",
    {
      class: "grid",
      role: "grid",
      tabindex: 0,
      "aria-label": `Rows of ${nodeName(id)}`,
      "aria-rowcount": found.length,
      "aria-colcount": columns.length,
    },
    head,
    body,
  );
  const cut = rows.length < total ? ` The page has the first ${rows.length.toLocaleString("en")}.` : "";
  const note = `${count(total, "row")}.${cut}${words ? ` ${count(found.length, "row")} with “${words}”.` : ""}`;
  const scrolled = grid?.id === id ? byId("rows").querySelector(".grid").scrollTop : 0;
  byId("rows").replaceChildren(
    el("div", { class: "bar" }, el("h2", {}, nodeName(id)), el("p", { role: "status" }, note)),
    scroll,
  );

  scroll.scrollTop = scrolled;

  let at = 0; // the row that keys work on
  let chosen = null;
  const drawRow = (number) => {
    const row = found[number];
    const made = el(
      "div",
      {
        class: `row${row[0] === chosen ? " chosen" : ""}${number === at ? " focused" : ""}`,
        role: "row",
        id: `row-${number}`,
        "aria-rowindex": number + 1,
        "aria-selected": row[0] === chosen,
      },
      columns.map((_, column) =>
        el("div", { role: "gridcell", class: isNumber[column] ? "number" : "" }, cell(row[column + 1])),
      ),
    );
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
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: found.length - 1,
    }[event.key];
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
    id,
    words,
    data,
    choose(row) {
      chosen = row;
      const number = row === null ? -1 : found.findIndex((one) => one[0] === row);
      if (number >= 0) moveTo(number);
      else draw();
    },
  };
}
