// The wall: keeps what the server sends, turns the scenes, runs the clock. What is shown is always replaced as a whole, so that
// a screen that hangs for months holds no more than on its first day.

(function () {
  "use strict";
  const SCENE_MS = 12_000;
  const QUIET_MS = 15_000; // the server says something every five seconds
  const DEAD_MS = 40_000;
  const OLD_MS = 90_000;
  const AGAIN_MS = 5_000;
  const ZONE = "Asia/Ho_Chi_Minh";

  const { documentElement: root, body } = document;
  const scenes = [...document.querySelectorAll("[data-scene]")];
  const marks = document.getElementById("marks");
  const state = document.getElementById("state");
  const pause = document.getElementById("pause");
  const hour = new Intl.DateTimeFormat(root.lang, { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hour12: false });
  const day = new Intl.DateTimeFormat(root.lang === "en" ? "en-GB" : "vi", { timeZone: ZONE, weekday: "long", day: "2-digit", month: "2-digit", year: "numeric" });
  const began = performance.now();

  let source = null;
  let heard = performance.now();
  let offset = 0; // milliseconds that this machine's clock is slow
  let readAt = null;
  let isGone = false;
  let at = 0;
  let pair = 0;
  let isPaused = false;
  let turning = 0;

  // ---------------------------------------------------------------- scenes

  const isEmpty = (scene) => scene.querySelector("[data-none]") !== null;

  function show(next) {
    at = next;
    scenes.forEach((scene, place) => { scene.hidden = place !== at; });
    [...marks.children].forEach((mark, place) => { mark.className = place === at ? "on" : isEmpty(scenes[place]) ? "none" : ""; });
    if (scenes[at].dataset.scene === "shown") pair += 1;
    showPair();
    clearTimeout(turning);
    if (!isPaused) turning = setTimeout(turn, SCENE_MS, 1);
  }

  function showPair() {
    const pairs = document.querySelectorAll("[data-pair]");
    pairs.forEach((one, place) => { one.hidden = place !== pair % pairs.length; });
  }

  function turn(by) {
    let next = at;
    do next = (next + by + scenes.length) % scenes.length; while (isEmpty(scenes[next]) && next !== at);
    show(next);
  }

  function hold(isHeld) {
    isPaused = isHeld;
    pause.textContent = isPaused ? pause.dataset.resume : pause.dataset.pause;
    pause.setAttribute("aria-pressed", String(isPaused));
    // A scene that was held is held again when the screen is switched on the next morning.
    history.replaceState(null, "", isPaused ? `#${scenes[at].dataset.scene}` : location.pathname + location.search);
    show(at);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || isGone) return;
    if (event.key === " " && event.target !== pause) hold(!isPaused);
    else if (event.key === "ArrowRight") turn(1);
    else if (event.key === "ArrowLeft") turn(-1);
    else if (event.key === "f") document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen().catch(() => null);
    else return;
    event.preventDefault();
  });
  pause.addEventListener("click", () => hold(!isPaused));

  // ---------------------------------------------------------------- what the server sends

  function put(event) {
    heard = performance.now();
    for (const place of document.querySelectorAll(`[data-part="${event.type}"]`)) place.innerHTML = event.data;
    if (event.type === "shown") showPair();
  }

  function beat(event) {
    heard = performance.now();
    const said = JSON.parse(event.data);
    offset = said.now - Date.now();
    readAt = said.read;
    if (said.page !== body.dataset.version && performance.now() - began > 60_000) location.reload();
  }

  function gone() {
    source?.close();
    isGone = true;
    clearTimeout(turning);
    body.classList.add("gone");
    tell();
  }

  function connect() {
    source?.close();
    source = new EventSource(`${location.pathname}/events${location.search}`);
    for (const part of document.querySelectorAll("[data-part]")) source.addEventListener(part.dataset.part, put);
    source.addEventListener("beat", beat);
    source.addEventListener("gone", gone);
    // A server that is just starting refuses the line, which the browser tries again by itself; one that answers with an error
    // it never asks again.
    const mine = source;
    source.onerror = () => { if (mine === source && mine.readyState === EventSource.CLOSED) setTimeout(look, AGAIN_MS); };
  }

  async function look() {
    if (isGone) return;
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (answer.status === 404 || answer.status === 410) gone();
      else if (answer.ok) connect();
      else setTimeout(look, AGAIN_MS);
    } catch {
      setTimeout(look, AGAIN_MS);
    }
  }

  // ---------------------------------------------------------------- clock and state

  function tell() {
    const quiet = performance.now() - heard;
    const now = Date.now() + offset;
    let words = state.dataset.good;
    let looks = "good";
    if (isGone) [words, looks] = [state.dataset.gone, "lost"];
    else if (quiet > QUIET_MS) [words, looks] = [state.dataset.lost.replace("%", hour.format(now - quiet)), "lost"];
    else if (readAt !== null && now - readAt > OLD_MS) [words, looks] = [state.dataset.old.replace("%", hour.format(readAt)), "old"];
    if (state.textContent !== words) state.textContent = words;
    state.className = looks;
    if (quiet > DEAD_MS && !isGone && source.readyState !== EventSource.CLOSED) {
      heard = performance.now() - QUIET_MS - 1; // a line that is open and silent is dead: take another one
      connect();
    }
  }

  function tick() {
    const now = Date.now() + offset;
    document.getElementById("clock").textContent = hour.format(now);
    document.getElementById("date").textContent = day.format(now);
    tell();
  }

  for (const _ of scenes) marks.append(document.createElement("li"));
  body.classList.add("live");
  pause.hidden = false;
  const held = scenes.findIndex((scene) => `#${scene.dataset.scene}` === location.hash);
  isPaused = held >= 0;
  at = Math.max(0, held);
  hold(isPaused);
  connect();
  tick();
  setInterval(tick, 1000);
})();
