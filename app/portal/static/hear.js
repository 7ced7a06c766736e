// The button by which this browser hears of its reports: what it says, when it can be pressed, what happens then. Asked for
// permission is on the press alone. Where there is no push at all nothing is shown but what an iPhone needs for it.

(() => {
  "use strict";
  const WHERE = "/mine/push";
  const box = document.getElementById("hear");
  const [on, off, said] = ["hear-on", "hear-off", "hear-said"].map((id) => document.getElementById(id));
  const { key, empty } = box.dataset;
  const { pushing } = self;

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
    on.disabled = off.disabled = false;
    tell(state, words);
  }

  /** As the browser has it; what was sent from it since the last visit is heard of, too. */
  async function look() {
    const registration = await navigator.serviceWorker.getRegistration("/");
    const isOn = Notification.permission === "granted" && (await pushing.current(registration));
    if (!isOn) {
      if (!empty) show(Notification.permission === "denied" ? "denied" : "off");
      return;
    }
    show("on");
    if (empty) return;
    try {
      await pushing.register(WHERE, await pushing.subscribe(registration, key));
    } catch (error) {
      if (error.status === 409) show("chat", error.words);
      else if (!(await pushing.current(registration))) show("off");
    }
  }

  on.addEventListener("click", async () => {
    on.disabled = true;
    tell("busy");
    const permission = await Notification.requestPermission();
    if (permission !== "granted") return show(permission === "denied" ? "denied" : "off");
    let subscription = null;
    try {
      await navigator.serviceWorker.register("/sw.js");
      subscription = await pushing.subscribe(await navigator.serviceWorker.ready, key);
      await pushing.register(WHERE, subscription);
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
    const subscription = await pushing.current(await navigator.serviceWorker.ready);
    if (subscription) await pushing.end(WHERE, subscription);
    if (empty) {
      box.hidden = true;
      return;
    }
    show("off");
    on.focus();
  });

  look();
})();
