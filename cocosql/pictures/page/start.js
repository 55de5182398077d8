// Keys for the whole page, news from the server, and the beginning.

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
      const answer = await fetch(`data${location.search}&since=${encodeURIComponent(data.state)}`, {
        cache: "no-store",
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const news = await answer.json();
      if (news.data) {
        data = { ...news.data, is_live: true };
        start();
      }
      said.classList.toggle("waiting", Boolean(news.problem));
      said.textContent = news.problem
        ? `${news.problem}: showing the state of ${new Date(data.made).toLocaleTimeString("en-GB")}`
        : `live · ${new Date(data.made).toLocaleTimeString("en-GB")}`;
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
