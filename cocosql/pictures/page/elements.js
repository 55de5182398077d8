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

/** A table with a line of headings: of text, or of numbers. */
function table(headings, rows) {
  const heading = ([name, isNumber]) => el("th", { scope: "col", class: isNumber ? "number" : "" }, name);
  return el("table", {}, el("thead", {}, el("tr", {}, headings.map(heading))), el("tbody", {}, rows));
}

/** A time, with a bar as long as it is beside the longest. */
function meter(value, longest, width, kind = "") {
  const bar = el("i");
  bar.style.width = `${Math.round(((value || 0) / longest) * width)}px`;
  return el("span", { class: `meter ${kind}`.trim() }, bar, seconds(value));
}

const count = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
const seconds = (value) =>
  value === null || value === undefined
    ? "–"
    : value < 0.0995
      ? `${(value * 1000).toFixed(value < 0.01 ? 1 : 0)} ms`
      : value < 99.5
        ? `${value.toFixed(value < 9.95 ? 2 : 1)} s`
        : `${Math.round(value / 60)} min`;
const size = (bytes) => (bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.round(bytes / 1e3)} kB`);
const moment = (text) =>
  text ? new Date(text).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" }) : "–";
const short = (version) => (version || "").slice(0, 8);
const statusClass = (status) => status.replaceAll(" ", "-");

/** A value of a row. */
const cell = (value) => (value === null ? el("span", { class: "null" }, "NULL") : value);
