// Field mode: what is shown, what a press does, and photos made small before they are kept.

(function () {
  "use strict";
  const { root, setup, say, el, moment, metres, entry, file, actForm, unsent, place } = self.fieldViews;
  const outbox = self.outbox;
  const byId = (id) => document.getElementById(id);
  let work = null; // the server's answer as kept: {staff, until, cards, kinds, then, more, at}
  let items = []; // this person's acts that are not sent yet
  let here = null; // {lat, lon} once it was asked for
  let whose = "agency";
  let order = "due";

  // ---------------------------------------------------------------- the work, kept

  /** The cases as the server has them now, or as they were when there was signal. */
  async function load() {
    try {
      const answer = await fetch("/console/field/work", { redirect: "manual", cache: "no-store", headers: { Accept: "application/json" } });
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return signedOut();
      if (!answer.ok) throw new Error(`work ${answer.status}`);
      work = await answer.json();
      await outbox.keep("work", work);
      prune();
      notice("");
      signal(true);
    } catch (error) {
      signal(false);
      work = await outbox.read("work");
      if (work && (work.staff !== setup.staff || new Date(work.until) < new Date())) return signedOut();
    }
    await show();
  }

  /** Nobody is signed in any more: nothing that was kept for reading stays; what was not sent does. */
  async function signedOut() {
    work = null;
    await outbox.forget();
    const back = el("a", { href: `/console/signin?next=${encodeURIComponent("/console/field")}` }, say("sign_in"));
    notice(say("signed_out"), back);
    await show();
  }

  /** Pictures of cases that are no longer on the list are not kept. */
  async function prune() {
    const codes = new Set(work.cards.map((card) => card.code));
    const cache = await caches.open("field-photos");
    for (const request of await cache.keys()) if (!codes.has(new URL(request.url).pathname.split("/")[4])) await cache.delete(request);
  }

  async function send() {
    try {
      const outcome = await outbox.flush();
      if (outcome === "signed-out") await signedOut();
      if (outcome === "done" || outcome === "waiting") await load();
    } catch {
      signal(false); // it stays where it is, until there is signal
    }
    await show();
  }

  outbox.listen(({ item, outcome }) => {
    if (outcome.state === "sent" && work) {
      work.cards = work.cards.map((card) => (card.code === item.code ? outcome.card : card)).filter((card) => card && setup.open.includes(card.status));
      outbox.keep("work", work);
    }
    toast(say(outcome.state === "sent" ? "sent" : "was_refused", { act: say(`act_${item.act}`), code: item.code }));
    show();
  });

  // ---------------------------------------------------------------- what stands on the page

  function notice(words, ...more) {
    const box = byId("notice");
    box.hidden = !words;
    box.replaceChildren(...(words ? [el("div", {}, el("p", {}, words, " ", ...more))] : []));
  }

  function signal(isThere) {
    byId("signal").textContent = isThere ? `● ${say("online")}` : `○ ${say("offline")}`;
  }

  let toastEnds = 0;
  function toast(words) {
    byId("said").textContent = words;
    clearTimeout(toastEnds);
    toastEnds = setTimeout(() => (byId("said").textContent = ""), 8000);
  }

  const opened = () => location.hash.slice(1);
  const waitingFor = (code) => items.filter((item) => item.code === code && item.state === "waiting");

  /** The case as it will be once this phone's acts are sent: by the server's own table. */
  function acts(card) {
    let status = card.status;
    let allowed = card.acts;
    for (const item of waitingFor(card.code)) {
      const to = work.kinds.find((kind) => kind.act === item.act).to;
      if (!to || to === status) continue;
      status = to;
      // What this very case forbids (a dispute over competence) stays forbidden.
      allowed = (work.then[status] || []).filter((act) => act !== "return" || card.acts.includes("return"));
    }
    return allowed.filter((act) => act !== "claim" || (!card.mine && !waitingFor(card.code).some((item) => item.act === "claim" || item.act === "start")));
  }

  async function show() {
    items = (await outbox.all()).filter((item) => item.staff === setup.staff);
    showUnsent();
    const code = opened();
    const card = work && work.cards.find((one) => one.code === code);
    byId("work").hidden = !work || Boolean(card);
    byId("case").hidden = !card;
    if (card) showCase(card);
    else if (work) showList();
    root.dataset.ready = "yes";
  }

  function showUnsent() {
    const box = byId("outbox");
    box.hidden = !items.length;
    if (box.contains(document.activeElement) && document.activeElement.matches("textarea")) return; // being mended
    byId("outbox-title").textContent = say("unsent", { count: items.length });
    const entries = items.map((item) => unsent(item, { onAgain: (text) => again(item, text), onDiscard: () => discard(item) }));
    box.querySelector("ul").replaceChildren(...entries);
  }

  async function again(item, text) {
    document.activeElement.blur();
    // The officer has read what the case is like now: that is the version they act on.
    const known = item.card || (work && work.cards.find((card) => card.code === item.code));
    await outbox.put({ ...item, text, version: known ? known.version : item.version, state: "waiting", problems: [], card: null });
    await device.syncLater(outbox.TAG);
    await send();
  }

  async function discard(item) {
    if (!confirm(say("discard_sure"))) return;
    await outbox.take(item, 0);
    await show();
  }

  function sorted() {
    const cards = work.cards.filter((card) => whose === "agency" || card.mine);
    const first = order === "near" && here ? (card) => metres(here, card) ?? Infinity : (card) => new Date(card.due_at).getTime() - (card.directed ? 1e15 : 0);
    return cards.map((card) => [first(card), card]).sort(([one], [other]) => one - other).map(([, card]) => card);
  }

  function showList() {
    const cards = sorted();
    byId("as-of").textContent = [say("as_of", { time: moment(work.at) }), work.more ? say("more", { most: work.cards.length }) : ""].join(" ");
    byId("cards").replaceChildren(...cards.map((card) => entry(card, { here, now: new Date(), waiting: waitingFor(card.code) })));
    byId("none").hidden = cards.length > 0;
    byId("none").textContent = say(whose === "mine" && work.cards.length ? "none_mine" : "none");
    if (self.fieldMap) self.fieldMap.draw(cards, here);
  }

  let shownCase = "";
  function showCase(card) {
    const box = byId("case");
    const isSame = shownCase === card.code;
    if (isSame && box.querySelector("form")) return; // somebody is writing
    const onBack = (event) => {
      event.preventDefault();
      location.hash = "";
    };
    const state = { here, now: new Date(), waiting: waitingFor(card.code), acts: acts(card), onAct: (act) => start(card, act), onBack };
    box.replaceChildren(...file(card, state));
    shownCase = card.code;
  }

  function onHash() {
    if (opened() !== shownCase) byId("case").replaceChildren();
    shownCase = "";
    show().then(() => {
      scrollTo(0, 0);
      (byId("case").hidden ? byId("work-title") : byId("case-title")).focus();
    });
  }

  // ---------------------------------------------------------------- acting

  function start(card, act) {
    const kind = work.kinds.find((one) => one.act === act);
    if (act === "claim" || act === "start") return keepAct(card, act, "", []);
    const draft = `field-${card.code}-${act}`; // the camera may push the page out of the phone's memory
    const form = actForm(card, kind, {
      typed: sessionStorage.getItem(draft) || "",
      onType: (text) => sessionStorage.setItem(draft, text),
      onSend: async (text, files) => {
        form.querySelectorAll("button").forEach((button) => (button.disabled = true));
        await keepAct(card, act, text, files);
        sessionStorage.removeItem(draft);
      },
      onCancel: () => {
        form.remove();
        showCase(card);
        byId("case").querySelector(`[data-act=${act}]`).focus();
      },
    });
    byId("case").querySelector(".acts").replaceWith(form);
    form.querySelector("textarea").focus();
  }

  async function keepAct(card, act, text, files) {
    const before = items.filter((item) => item.code === card.code).pop();
    const photos = await Promise.all(files.map((file) => smallPhoto(file, SMALL)));
    await outbox.put({
      key: crypto.randomUUID(),
      staff: setup.staff,
      code: card.code,
      act,
      version: card.version,
      after: before ? before.key : null,
      text,
      photos,
      label: `${card.category}, ${place(card)}`,
      at: Date.now(),
      state: "waiting",
      problems: [],
      card: null,
    });
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => false);
    byId("case").querySelector("form")?.remove();
    await device.syncLater(outbox.TAG);
    toast(say("kept", { act: say(`act_${act}`) }));
    await show();
    byId(byId("case").hidden ? "work-title" : "case-title").focus();
    await send();
  }

  // ---------------------------------------------------------------- photos

  const SMALL = { longest: 1600, enough: 600000, quality: 0.82 };

  // ---------------------------------------------------------------- presses

  function choose(name, set) {
    for (const button of root.querySelectorAll(`[data-${name}]`)) {
      button.addEventListener("click", () => {
        set(button.dataset[name], () => {
          for (const one of root.querySelectorAll(`[data-${name}]`)) one.setAttribute("aria-pressed", String(one === button));
          show();
        });
      });
    }
  }

  choose("whose", (value, done) => {
    whose = value;
    done();
  });
  choose("order", (value, done) => {
    const chosen = () => {
      order = value;
      done();
    };
    if (value !== "near") return chosen();
    if (!navigator.geolocation) return toast(say("no_position"));
    toast(say("locating"));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        here = { lat: coords.latitude, lon: coords.longitude };
        toast("");
        chosen();
      },
      (error) => toast(say(error.code === 1 ? "denied" : "no_position")),
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
    );
  });

  byId("map-switch").addEventListener("click", async () => {
    const isOpen = byId("map").hidden;
    byId("map").hidden = !isOpen;
    byId("map-switch").setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    try {
      for (const address of setup.map) await add(address);
      self.fieldMap.draw(sorted(), here);
    } catch {
      toast(say("no_map"));
    }
  });

  /** A script or a style, once. */
  function add(address) {
    if (document.querySelector(`[data-added="${address}"]`)) return null;
    const isStyle = address.endsWith(".css");
    return new Promise((resolve, reject) => {
      const made = isStyle ? el("link", { rel: "stylesheet", href: address }) : el("script", { src: address });
      made.addEventListener("load", () => {
        made.dataset.added = address;
        resolve();
      });
      made.addEventListener("error", () => {
        made.remove();
        reject(new Error(address));
      });
      document.head.append(made);
    });
  }

  byId("sign-out").addEventListener("submit", (event) => {
    if (items.length && !confirm(say("sign_out_sure", { count: items.length }))) event.preventDefault();
  });
  window.addEventListener("hashchange", onHash);
  window.addEventListener("online", () => load().then(send));
  window.addEventListener("offline", () => signal(false));
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && load().then(send));
  setInterval(() => items.some((item) => item.state === "waiting") && send(), 60000);

  if ("serviceWorker" in navigator) navigator.serviceWorker.register(setup.worker, { scope: "/console/field" }).catch(() => null);
  load().then(send);
})();
