// The queue gets quick: choosing a filter asks at once, everything has a key, and what goes wrong on the way is said.
// Rows are moved through by real focus on their links, so that a screen reader reads along.

const failed = document.getElementById("queue-failed");
const keys = document.getElementById("keys");
const on = document.getElementById("keys-on");
const places = { q: "/console/queue", d: "/console/desk", n: "/console/notices" };
let anchor = null; // the row that was selected last, where a range begins
let went = 0; // when "g" was pressed
let byKey = false; // whether the list that is on its way was asked for by a key

const all = (selector) => [...document.querySelectorAll(selector)];
const rows = () => all("#queue [data-row]");
const here = () => document.activeElement?.closest("[data-row]");
const box = (row) => row?.querySelector("input[name=code]");

// ---------------------------------------------------------------- loading

document.addEventListener("change", ({ target }) => {
  if (target.matches(".queue-filters select, .queue-filters input[type=date]")) target.form.requestSubmit();
  if (target.id === "all-rows") rows().forEach((row) => (box(row).checked = target.checked));
  if (target.matches("#all-rows, input[name=code]")) chosen();
});

document.addEventListener("htmx:beforeRequest", () => (failed.hidden = true));

for (const kind of ["responseError", "sendError", "timeout", "swapError"]) {
  document.addEventListener(`htmx:${kind}`, ({ detail }) => {
    // A notice that did not arrive comes with the next one.
    if (detail.target?.id === "queue") failed.hidden = false;
  });
}

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target?.id !== "queue" && detail.elt?.id !== "queue") return;
  chosen();
  anchor = null;
  if (byKey) focus(rows()[0]);
  byKey = false;
});

// ---------------------------------------------------------------- selecting

function chosen() {
  const bar = document.getElementById("bulk");
  if (!bar) return;
  const boxes = rows().map(box);
  const count = boxes.filter((each) => each.checked).length;
  const words = bar.querySelector("[data-chosen]");
  bar.hidden = count === 0;
  words.textContent = count ? words.dataset.chosen.replace("COUNT", count) : "";
  const whole = document.getElementById("all-rows");
  if (whole) {
    whole.checked = count > 0 && count === boxes.length;
    whole.indeterminate = count > 0 && count < boxes.length;
  }
}

function select(row, range) {
  if (!box(row)) return;
  const list = rows();
  const from = range && anchor?.isConnected ? list.indexOf(anchor) : list.indexOf(row);
  const to = list.indexOf(row);
  const checked = range ? true : !box(row).checked;
  list.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((each) => (box(each).checked = checked));
  anchor = row;
  chosen();
}

// ---------------------------------------------------------------- keys

function focus(row) {
  const link = row?.querySelector(".open");
  link?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const list = rows();
  const at = list.indexOf(here());
  focus(at < 0 ? list[step > 0 ? 0 : list.length - 1] : list[at + step]);
}

function press(selector) {
  const link = document.querySelector(selector);
  byKey = Boolean(link);
  link?.click();
}

const acts = {
  j: () => move(1),
  k: () => move(-1),
  o: () => here()?.querySelector(".open").click(),
  x: () => select(here(), false),
  X: () => select(here(), true),
  b: () => document.querySelector("#bulk:not([hidden])")?.requestSubmit(),
  n: () => press("#new a"),
  "/": () => document.getElementById("q").select(),
  "[": () => press("#queue a[rel=prev]"),
  "]": () => press("#queue a[rel=next]"),
  "?": () => keys.showModal(),
};

function go(key) {
  const soon = Date.now() - went < 1500;
  went = 0;
  const link = soon && places[key] && document.querySelector(`a[href="${places[key]}"]`);
  if (link) location.assign(link.href);
  return Boolean(link);
}

function escape(typing) {
  if (typing) return typing.blur(), focus(rows()[0]);
  rows().forEach((row) => box(row) && (box(row).checked = false));
  chosen();
}

document.addEventListener("keydown", (event) => {
  const { key } = event;
  byKey = false;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || keys.open) return;
  const typing = event.target.closest("textarea, select, input:not([type=checkbox])");
  if (key === "Escape") return escape(typing);
  if (typing || (!on.checked && key !== "?")) return;
  if (key === "g") return void (went = Date.now());
  let act = go(key) ? () => {} : acts[key];
  if (here() && key === "ArrowDown") act = acts.j;
  if (here() && key === "ArrowUp") act = acts.k;
  if (/^[1-9]$/.test(key)) act = () => press(`#queue .tabs a:nth-of-type(${key})`);
  if (!act) return;
  event.preventDefault();
  act();
});

const opener = document.getElementById("show-keys");
opener.hidden = false;
opener.addEventListener("click", () => keys.showModal());
// The same switch as on the pages of cases.
on.checked = localStorage.getItem("phananh-keys-off") !== "yes";
on.addEventListener("change", () => {
  if (on.checked) localStorage.removeItem("phananh-keys-off");
  else localStorage.setItem("phananh-keys-off", "yes");
});
chosen();
