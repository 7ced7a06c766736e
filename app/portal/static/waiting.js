// Nothing that is written on the sending page gets lost: it is kept on the device while somebody writes, goes from there
// (outbox.js), waits there while there is no signal, and comes back into the form when the server wants it mended. Without
// this script, or where the browser keeps nothing, the form is sent as any other.

(() => {
  "use strict";
  if (!self.indexedDB || !self.crypto?.randomUUID) return;
  const { outbox, device } = self;
  const form = document.getElementById("report");
  const byId = (id) => document.getElementById(id);
  const { words, needs, least } = JSON.parse(byId("offline-words").textContent);
  const say = (key, params = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => params[name]);
  const shots = byId("photos");
  const button = form.querySelector(".primary");
  const label = button.textContent;
  const DAY = 24 * 3600 * 1000;
  const KEPT_DAYS = { draft: 1, sent: 7 };
  let current = crypto.randomUUID();
  let isSending = false;

  // ---------------------------------------------------------------- the form and its item

  const typed = () => Object.fromEntries([...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "ticket"));
  async function item(state) {
    const photos = await Promise.all([...shots.files].map(async (file) => ({ name: file.name, type: file.type, data: await file.arrayBuffer() })));
    return { key: current, state, at: Date.now(), fields: typed(), photos, ticket: form.elements.ticket.value };
  }

  function fill({ fields, photos }) {
    form.reset();
    for (const [name, value] of Object.entries(fields)) {
      const control = form.elements.namedItem(name);
      if (!control) byId("look").append(Object.assign(document.createElement("input"), { type: "hidden", name, value })); // an answer whose question comes with the next look
      else if (control.type === "checkbox") control.checked = true;
      else control.value = value;
    }
    const chosen = new DataTransfer();
    for (const { data, name, type } of photos) chosen.items.add(new File([data], name, { type }));
    shots.files = chosen.files;
    form.querySelector("details").open ||= Boolean(fields.name || fields.phone || fields.email);
    form.dispatchEvent(new Event("filled"));
  }

  function empty() {
    current = crypto.randomUUID();
    byId("look").textContent = "";
    fill({ fields: { lat: "", lon: "" }, photos: [] });
    complain([]);
    byId("restored").hidden = true;
  }

  // ---------------------------------------------------------------- while somebody writes

  let saving = 0;
  function later() {
    clearTimeout(saving);
    saving = setTimeout(save, 400);
  }
  async function save() {
    if (isSending) return;
    const draft = await item("draft");
    const hasWords = Object.entries(draft.fields).some(([name, value]) => value && name !== "consent");
    if (isSending || draft.key !== current) return;
    await (hasWords || draft.photos.length ? outbox.put(draft) : outbox.take(current));
  }
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("placed", later);
  addEventListener("pagehide", save); // a phone that opens its camera may close the page

  // ---------------------------------------------------------------- sending

  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented) return; // too early; it comes again
    event.preventDefault();
    if (isSending) return;
    const missing = lacking();
    if (missing.length) {
      complain(missing);
      return ready();
    }
    isSending = true;
    clearTimeout(saving);
    byId("kept").hidden = true;
    try {
      await outbox.put(await item("waiting"));
    } catch {
      form.submit(); // the browser keeps nothing, as in a private window
      return;
    }
    await send();
    isSending = false;
    ready();
  });

  async function send() {
    const key = current;
    const slow = setTimeout(() => told("slow"), 8000);
    device.syncLater(outbox.TAG);
    let trouble = null;
    try {
      await outbox.flush();
    } catch (error) {
      trouble = error;
    }
    clearTimeout(slow);
    const after = await outbox.get(key);
    if (after?.state === "sent") {
      await outbox.take(key);
      location.assign(`${after.page}&sent=1${after.unusable ? `&refused=${after.unusable}` : ""}`);
      return new Promise(() => {}); // until the page goes
    }
    byId("kept").hidden = true;
    if (after?.state === "refused") return refused(after);
    empty();
    told(trouble?.name === "Error" ? "trouble" : "kept");
    await list();
    byId("kept").focus();
  }

  function refused(after) {
    complain(after.problems);
    // What was sent under this key before is a report already; what the form says now will be another.
    if (after.page) {
      outbox.take(current);
      current = crypto.randomUUID();
      outbox.put({ key: crypto.randomUUID(), state: "sent", at: Date.now(), fields: {}, photos: [], code: after.code, page: after.page }).then(list);
      later();
    }
  }

  function ready() {
    setTimeout(() => {
      button.disabled = false;
      button.textContent = label;
    });
  }

  function lacking() {
    const said = typed();
    const isMissing = { text: said.text.trim().length < least, address: !said.address.trim() && !said.lat, consent: !said.consent };
    return Object.keys(isMissing).filter((field) => isMissing[field]).map((field) => ({ field, words: needs[field] }));
  }

  /** Each problem at its field; none takes them away. */
  function complain(problems) {
    for (const old of form.querySelectorAll(".wrong[id$='-wrong']")) old.remove();
    for (const old of form.querySelectorAll("[aria-invalid]")) {
      old.removeAttribute("aria-invalid");
      old.setAttribute("aria-describedby", old.dataset.hint || "");
    }
    const above = problems.filter(({ field }) => !form.elements.namedItem(field) || field === "ticket");
    for (const { field, words: text } of problems.filter((one) => !above.includes(one))) {
      const control = form.elements.namedItem(field);
      const id = `${field}-wrong`;
      control.dataset.hint ??= byId(`${field}-hint`) ? `${field}-hint` : "";
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", id);
      if (!byId(id)) control.closest("p").after(Object.assign(document.createElement("p"), { className: "wrong", id, textContent: text }));
      const details = control.closest("details");
      if (details) details.open = true;
    }
    const box = byId("wrong");
    box.textContent = problems.length ? above.map((one) => one.words).join(" ") || say("look_again") : "";
    box.hidden = !problems.length;
    if (problems.length) box.scrollIntoView({ block: "center" });
  }

  function told(key) {
    byId("kept").textContent = say(key);
    byId("kept").hidden = false;
  }

  // ---------------------------------------------------------------- what waits, and what was sent

  const el = (name, options, ...inside) => {
    const made = Object.assign(document.createElement(name), options);
    made.append(...inside);
    return made;
  };
  const two = (number) => String(number).padStart(2, "0");
  function at(time) {
    const day = new Date(time);
    return `${two(day.getDate())}/${two(day.getMonth() + 1)}/${day.getFullYear()} ${two(day.getHours())}:${two(day.getMinutes())}`;
  }

  async function list() {
    const items = (await outbox.all()).filter((one) => one.key !== current);
    byId("outbox").hidden = !items.length;
    byId("outbox").querySelector("ul").replaceChildren(...items.map(row));
  }

  function row(one) {
    const is = (state) => one.state === state;
    const press = (key, done) => el("button", { type: "button", className: "plain", textContent: say(key), onclick: done });
    const said = { sent: say("sent", { code: one.code }), waiting: say("waiting"), refused: one.code ? say("before", { code: one.code }) : say("refused"), draft: "" }[one.state];
    const made = el("li", { className: `item ${one.state}` });
    made.append(el("strong", { className: "tag", textContent: say(`state_${one.state}`) }));
    if (!is("sent")) {
      const photos = one.photos.length ? ` · ${say("photos", { count: one.photos.length })}` : "";
      made.append(el("p", { className: "said", textContent: one.fields.text || say("no_words") }), el("p", { className: "hint", textContent: say("written", { at: at(one.at) }) + photos }));
    }
    if (said) made.append(el("p", { textContent: said }));
    const acts = el("p", { className: "acts" });
    if (one.page) acts.append(el("a", { className: "button", href: one.page, textContent: say("open") }));
    if (is("waiting")) acts.append(press("try_now", () => flush(true)));
    if (is("sent")) acts.append(press("seen", () => outbox.take(one.key).then(list)));
    else acts.append(press("edit", () => edit(one)), press("discard", () => discard(one)));
    made.append(acts);
    return made;
  }

  async function edit(one) {
    await save(); // what stands in the form becomes a line of the list
    const now = await outbox.get(one.key);
    if (!now || now.state === "sent") return list(); // it went meanwhile
    const { problems = [], code, ...rest } = now;
    await outbox.put({ ...rest, state: "draft", page: undefined });
    current = code ? crypto.randomUUID() : one.key;
    if (code) await outbox.take(one.key);
    fill(rest);
    complain(problems);
    await list();
    form.elements.text.focus();
  }

  async function discard(one) {
    if (!confirm(say("discard_sure"))) return;
    await outbox.take(one.key);
    await list();
  }

  async function flush(isAsked = false) {
    const waits = (await outbox.all()).some((one) => one.state === "waiting");
    if (waits && !isSending) {
      try {
        await outbox.flush();
        byId("kept").hidden = true;
      } catch (error) {
        if (isAsked) told(error.name === "Error" ? "trouble" : "kept");
      }
    }
    await list();
  }

  // ---------------------------------------------------------------- opening the page

  async function open() {
    const now = Date.now();
    const items = await outbox.all();
    for (const { key, state, at: since } of items) if (now - since > KEPT_DAYS[state] * DAY) await outbox.take(key);
    const draft = items.filter(({ state, at: since }) => state === "draft" && now - since <= DAY).pop();
    const isFresh = !form.elements.text.value && !form.elements.address.value && !shots.files.length;
    if (draft && isFresh) {
      current = draft.key;
      const { consent, ...fields } = draft.fields; // consent is given each time anew
      fill({ ...draft, fields });
      byId("restored").hidden = false;
    }
    await flush();
    document.documentElement.dataset.ready = "yes";
  }

  byId("start-over").addEventListener("click", async () => {
    await outbox.take(current);
    empty();
    form.elements.text.focus();
  });
  outbox.listen(list);
  addEventListener("online", () => flush());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && flush());
  setInterval(() => document.visibilityState === "visible" && flush(), 60_000);
  if ("serviceWorker" in navigator) addEventListener("load", () => navigator.serviceWorker.register("/sw.js").catch(() => null));
  open();
})();
