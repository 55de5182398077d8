// Runs, failed calls, functions; and the line at the top.

const written = (run) =>
  ["inserted", "updated", "deleted"]
    .map((what, number) => (run[what] ? `${"+~−"[number]}${run[what].toLocaleString("en")}` : null))
    .filter(Boolean)
    .join(" ") || "0";

function runTable(runs, isShort) {
  const longest = Math.max(...runs.map((run) => run.seconds || 0), 0.001);
  const head = isShort
    ? ["when", "written", "took"]
    : ["run", "view", "when", "status", "version", "rows written", "calls", "hits", "failed", "took"];
  const rows = runs.map((run) => {
    const took = el(
      "td",
      { class: "duration" },
      run.seconds === null
        ? el("span", { class: "note" }, "with another")
        : meter(run.seconds, longest, isShort ? 40 : 90, run.status),
    );
    const open = () => go("run", run.run_id, run.database);
    const onkeydown = (event) => {
      if (event.key === "Enter") open();
    };
    const cells = isShort
      ? [
          el("td", {}, run.status === "succeeded" ? null : [badge(run.status), " "], moment(run.started_at)),
          el("td", { class: "number" }, written(run)),
          took,
        ]
      : [
          el("td", { class: "number" }, run.run_id),
          el("td", {}, run.node ? nodeName(run.node) : run.view),
          el("td", { class: "when" }, moment(run.started_at)),
          el("td", {}, badge(run.status)),
          el("td", { class: "number" }, run.version ?? "–"),
          el("td", { class: "number" }, written(run)),
          ...["calls", "hits", "errors"].map((name) =>
            el("td", { class: "number" }, (run[name] || 0).toLocaleString("en")),
          ),
          took,
        ];
    return el("tr", { tabindex: 0, onclick: open, onkeydown }, cells);
  });
  const numeric = new Set(["run", "version", "rows written", "written", "calls", "hits", "failed"]);
  return table(
    head.map((name) => [name, numeric.has(name)]),
    rows,
  );
}

function runPanel(run) {
  const longest = Math.max(...run.steps.map((step) => step.seconds), 0.001);
  const steps = run.steps.map((step) =>
    el(
      "tr",
      {},
      el("td", {}, step.view === run.view ? step.what : `${step.view}: ${step.what}`),
      el("td", { class: "number" }, step.rows?.toLocaleString("en") ?? ""),
      el("td", { class: "duration" }, meter(step.seconds, longest, 40)),
    ),
  );
  return [
    ...heading("Run", `${run.run_id} of ${run.view}`, badge(run.status)),
    facts([
      ["started", moment(run.started_at)],
      ["took", run.seconds === null ? "part of the refresh of a view that reads it" : seconds(run.seconds)],
      ["version", run.version],
      ["rows written", written(run)],
      ["calls", run.calls || null],
      ["hits", run.hits || null],
      ["failed", run.errors || null],
      ["changed", (run.changed_sources || []).join(", ")],
      [
        "code",
        Object.entries(run.functions || {})
          .map(([name, version]) => `${name} ${short(version)}`)
          .join("\n"),
      ],
      ["view", run.node ? link(nodeName(run.node), "node", run.node) : run.view],
    ]),
    ...section("Error", run.error ? el("pre", { tabindex: 0 }, run.error) : null),
    ...section("Steps", steps.length ? el("table", {}, el("tbody", {}, steps)) : null),
    ...section("Query", run.query ? code(run.query) : null),
  ];
}

function showTabs() {
  const empty = (text) => el("p", { class: "empty" }, text);
  const cut = (shown, total) =>
    shown.length < total
      ? el(
          "p",
          { class: "note" },
          `The page has the last ${shown.length.toLocaleString("en")} of ${total.toLocaleString("en")}.`,
        )
      : "";
  byId("view-runs").replaceChildren(
    el("h2", {}, "Runs"),
    cut(data.runs, data.run_count),
    data.runs.length ? runTable(data.runs, false) : empty("Nothing was refreshed yet."),
  );
  const errors = data.errors.map((error) =>
    el(
      "tr",
      {},
      el("td", {}, error.node ? link(nodeName(error.node), "node", error.node) : error.view),
      el("td", {}, error.function, el("div", { class: "note" }, short(error.code_version))),
      el("td", {}, el("pre", { tabindex: 0 }, error.input)),
      el("td", {}, el("pre", { tabindex: 0 }, error.error)),
      el("td", { class: "number" }, error.attempts),
      el("td", {}, moment(error.failed_at)),
    ),
  );
  byId("view-errors").replaceChildren(
    el("h2", {}, "Failed calls"),
    cut(data.errors, data.error_count),
    errors.length
      ? table(
          ["view", "function", "input", "error", "attempts", "when"].map((name) => [name, name === "attempts"]),
          errors,
        )
      : empty("No call has failed in the last refresh of any view."),
  );
  const functions = data.nodes.filter((node) => node.kind === "function");
  const total = (node, what) => node.versions.reduce((sum, version) => sum + version[what], 0);
  byId("view-functions").replaceChildren(
    el("h2", {}, "Functions"),
    functions.length
      ? table(
          ["function", "signature", "code versions", "calls", "hits", "failed", "seconds in Python"].map(
            (name, number) => [name, number > 1],
          ),
          functions.map((node) =>
            el(
              "tr",
              {},
              el("td", {}, link(node.name, "node", node.id)),
              el("td", {}, el("code", {}, node.signature)),
              el("td", { class: "number" }, node.versions.length),
              ...["calls", "hits", "errors"].map((what) =>
                el("td", { class: "number" }, total(node, what).toLocaleString("en")),
              ),
              el("td", { class: "number" }, seconds(total(node, "seconds"))),
            ),
          ),
        )
      : empty("No view calls a Python function."),
  );
  const [label] = byId("tab-errors").childNodes;
  byId("tab-errors").replaceChildren(
    label,
    ...(data.error_count ? [el("span", { class: "count" }, data.error_count.toLocaleString("en"))] : []),
  );
}

function showHeader() {
  byId("title").textContent = data.title;
  const views = data.nodes.filter((node) => node.kind === "view");
  const states = new Map();
  views.forEach((node) => push(states, node.status, node));
  byId("summary").textContent = [
    count(views.length, "view"),
    ...[...states].map(([status, of]) => `${of.length} ${status}`),
  ].join(" · ");
  byId("made").textContent = `as of ${moment(data.made)}`;
}
