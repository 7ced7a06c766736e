// Colleagues on one case: who else has it open and types, that it has moved on, and whom an @ calls.

const together = document.querySelector("[data-together]");
const EVERY = 15000;
let typed = false;

// ---------------------------------------------------------------- who is here

function send(more, options = {}) {
  const { beat, csrf, version } = together.dataset;
  const body = new URLSearchParams({ csrf, version, writing: typed ? "yes" : "", ...more });
  return fetch(beat, { method: "POST", body, redirect: "error", ...options });
}

async function beat() {
  if (document.hidden) return;
  try {
    const answer = await send({});
    if (!answer.ok) return;
    const { others, changed } = await answer.json();
    const { here, writing } = together.dataset;
    const said = others.map((one) => (one.writing ? writing : here).replace("NAME", one.name)).join(" ");
    const line = together.querySelector("[data-others]");
    if (line.textContent !== said) line.textContent = said;
    together.querySelector("[data-moved]").hidden = !changed;
  } catch {
    // offline for a moment: the next beat tries again
  }
}

document.addEventListener("input", ({ target }) => {
  if (!target.closest(".act-form")) return;
  const now = [...document.querySelectorAll(".act-form textarea")].some((field) => field.value !== field.defaultValue);
  if (now === typed) return;
  typed = now;
  beat();
});
document.addEventListener("visibilitychange", beat);
addEventListener("pagehide", () => send({ gone: "yes" }, { keepalive: true }).catch(() => {}));
setInterval(beat, EVERY);
beat();

// ---------------------------------------------------------------- @colleague

const CALL = /(?:^|[^\p{L}\p{N}_.@-])@([\p{L}\p{N}._-]*)$/u;
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();
let people = null;

for (const field of document.querySelectorAll("[data-mention]")) {
  const list = Object.assign(document.createElement("ul"), { id: `${field.id}-people`, className: "people", hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "@");
  field.after(list);
  field.setAttribute("aria-autocomplete", "list");
  let at = 0;

  const close = () => {
    list.hidden = true;
    field.removeAttribute("aria-controls");
    field.removeAttribute("aria-activedescendant");
  };
  const mark = (to) => {
    at = (to + list.children.length) % list.children.length;
    for (const [index, one] of [...list.children].entries()) one.setAttribute("aria-selected", String(index === at));
    field.setAttribute("aria-activedescendant", list.children[at].id);
  };
  const choose = (one) => {
    const before = field.value.slice(0, field.selectionStart);
    field.setRangeText(`${one.dataset.username} `, before.lastIndexOf("@") + 1, field.selectionStart, "end");
    close();
    field.focus();
  };

  field.addEventListener("input", async () => {
    const called = () => CALL.exec(field.value.slice(0, field.selectionStart));
    if (!called()) return close();
    people ??= fetch(together.dataset.people).then((answer) => (answer.ok ? answer.json() : []), () => []);
    const known = await people;
    const call = called(); // more may have been typed meanwhile
    if (!call) return close();
    const wanted = fold(call[1]);
    const found = known.filter((one) => one.username.includes(wanted) || fold(one.name).split(" ").some((word) => word.startsWith(wanted))).slice(0, 7);
    if (!found.length) return close();
    list.replaceChildren(
      ...found.map((one, index) => {
        const item = Object.assign(document.createElement("li"), { id: `${list.id}-${index}`, textContent: `${one.name} (@${one.username}) · ${one.agency}` });
        item.setAttribute("role", "option");
        item.dataset.username = one.username;
        item.addEventListener("mousedown", (event) => {
          event.preventDefault();
          choose(item);
        });
        return item;
      }),
    );
    list.hidden = false;
    field.setAttribute("aria-controls", list.id);
    mark(0);
  });
  field.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") mark(at + 1);
    else if (event.key === "ArrowUp") mark(at - 1);
    else if ((event.key === "Enter" && !event.ctrlKey) || event.key === "Tab") choose(list.children[at]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  field.addEventListener("blur", close);
}
