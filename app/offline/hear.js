// The button by which this browser is told of news: what it says, when it can be pressed, what happens then. Asked for
// permission is on the press alone. Where there is no push at all nothing is shown but what an iPhone needs for it.
// The box says who is told: data-where, -worker and -scope, -csrf where the server wants one.

(() => {
  "use strict";
  const box = document.getElementById("hear");
  const [on, off, said] = ["hear-on", "hear-off", "hear-said"].map((id) => document.getElementById(id));
  const elsewhere = document.getElementById("hear-elsewhere"); // ends it on another device; this one has its own button
  const { key, empty, where, worker, scope, csrf } = box.dataset;
  const { pushing } = self;
  const more = csrf ? { csrf } : {};

  function tell(which, words = said.dataset[which]) {
    said.textContent = words || "";
    said.hidden = !words;
    box.dataset.state = which;
  }

  if (!("serviceWorker" in navigator && "PushManager" in self && "Notification" in self)) {
    if (navigator.standalone === false && !empty) show("install"); // iPhone, iPad: only what is on the home screen
    return;
  }

  function show(state, words) {
    box.hidden = false;
    on.hidden = !["off", "failed"].includes(state);
    off.hidden = state !== "on";
    if (elsewhere) elsewhere.hidden = state === "on";
    on.disabled = off.disabled = false;
    tell(state, words);
  }

  /** As the browser has it; what was sent from it since the last visit is heard of, too. */
  async function look() {
    const registration = await navigator.serviceWorker.getRegistration(scope);
    const isOn = Notification.permission === "granted" && (await pushing.current(registration));
    if (!isOn) {
      if (!empty) show(Notification.permission === "denied" ? "denied" : "off");
      return;
    }
    show("on");
    if (empty) return;
    try {
      await pushing.register(where, await pushing.subscribe(registration, key), more);
    } catch (error) {
      if (error.status === 409) show("chat", error.words);
      else if (!(await pushing.current(registration))) show("off");
    }
  }

  /** The worker's registration once it can be subscribed; `serviceWorker.ready` is that of this page, which may be another. */
  async function ready() {
    const registration = await navigator.serviceWorker.register(worker, { scope });
    const coming = registration.installing || registration.waiting;
    if (coming && !registration.active) {
      const isOver = () => ["activated", "redundant"].includes(coming.state);
      await new Promise((resolve) => coming.addEventListener("statechange", () => isOver() && resolve()));
    }
    return registration;
  }

  on.addEventListener("click", async () => {
    on.disabled = true;
    tell("busy");
    const permission = await Notification.requestPermission();
    if (permission !== "granted") return show(permission === "denied" ? "denied" : "off");
    let subscription = null;
    try {
      subscription = await pushing.subscribe(await ready(), key);
      await pushing.register(where, subscription, more);
      show("on");
      off.focus();
    } catch (error) {
      await subscription?.unsubscribe();
      if (error.status === 409) show("chat", error.words);
      else show("failed");
    }
  });

  off.addEventListener("click", async () => {
    off.disabled = true;
    const subscription = await pushing.current(await navigator.serviceWorker.getRegistration(scope));
    if (subscription) await pushing.end(where, subscription, more);
    if (empty) {
      box.hidden = true;
      return;
    }
    show("off");
    on.focus();
  });

  look();
})();
