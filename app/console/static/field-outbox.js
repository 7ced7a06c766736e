// What an officer has done, kept on the phone until the server has it, and what the phone keeps to be read without
// signal. Used by the page and by its service worker.
//
// An act is an item {key, staff, code, act, version, after, text, photos, label, at, state, problems, card}. `version`: the
// case's as the officer saw it; `after`: the key of an act of theirs on the same case that must go first. `state` is
// "waiting", or "refused" with the server's words: then a person mends or discards it. Nothing else takes an item away but
// the server's word that it is done, and the server knows the key, so that sending twice does it once.

(function () {
  "use strict";
  const HERE = "/console/field";
  const TAG = "field-outbox";
  const { within, ask, alone, news } = self.device;
  const { tell, listen } = news("field");

  const ACTS = ["phananh-field-outbox", "acts", "key"]; // outlives a sign-out: it is the officer's unsent work
  const KEPT = ["phananh-field-kept", "kept", null]; // does not

  const byTime = (one, other) => one.at - other.at;
  const all = async () => (await within(ACTS, "readonly", (store) => store.getAll())).sort(byTime);
  const put = (item) => within(ACTS, "readwrite", (store) => store.put(item));

  /** Takes an item away and lets go what waited for it: `version` is what its followers have seen then. */
  async function take(item, version) {
    const followers = (await all()).filter((one) => one.after === item.key);
    await within(ACTS, "readwrite", (store) => {
      for (const one of followers) store.put({ ...one, after: version ? null : item.after, version: version || item.version });
      return store.delete(item.key);
    });
  }

  const read = (name) => within(KEPT, "readonly", (store) => store.get(name));
  const keep = (name, value) => within(KEPT, "readwrite", (store) => store.put(value, name));

  /** Forgets what was kept for reading. Acts that were not sent yet stay. */
  async function forget() {
    await Promise.all(["field-page", "field-photos"].map((name) => caches.delete(name)));
    await within(KEPT, "readwrite", (store) => store.clear());
  }

  // ---------------------------------------------------------------- sending

  /** Whose session this is and its token; null when nobody is signed in. Rejects without signal. */
  async function whoami() {
    const answer = await ask(`${HERE}/session`, { redirect: "manual", headers: { Accept: "application/json" } });
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return null;
    if (!answer.ok) throw new Error(`session ${answer.status}`);
    return answer.json();
  }

  async function post(item, csrf) {
    const form = new FormData();
    const fields = { csrf, client_key: item.key, code: item.code, act: item.act, version: item.version, text: item.text };
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    item.photos.forEach((photo, place) => form.append(`photo${place}`, new Blob([photo.data], { type: photo.type }), photo.name));
    const answer = await ask(`${HERE}/acts`, { method: "POST", body: form, headers: { Accept: "application/json" } });
    const isOurs = (answer.headers.get("Content-Type") || "").startsWith("application/json");
    if (answer.ok && isOurs) return { state: "sent", ...(await answer.json()) };
    if (isOurs && answer.status < 500 && answer.status !== 429) return { state: "refused", status: answer.status, ...(await answer.json()) };
    throw new Error(`act ${answer.status}`); // a session that has just ended, or a server that is not well: later
  }

  /** Sends what waits, one tab or worker at a time. Gives "empty", "signed-out", "waiting" (something must wait still) or
      "done". Rejects without signal. */
  const flush = () => alone(TAG, flushAlone);

  async function flushAlone() {
    if (!(await all()).some((item) => item.state === "waiting")) return "empty";
    const session = await whoami();
    if (!session) return "signed-out";
    const tried = new Set();
    for (;;) {
      const items = await all();
      const kept = new Set(items.map((item) => item.key));
      const isNext = (one) => one.state === "waiting" && one.staff === session.staff && !kept.has(one.after) && !tried.has(one.key);
      const item = items.find(isNext);
      if (!item) return items.some((one) => one.state === "waiting") ? "waiting" : "done";
      tried.add(item.key);
      const outcome = await post(item, session.csrf);
      // Each act makes the case's version one higher; what somebody else did meanwhile the followers have not seen.
      if (outcome.state === "sent") await take(item, item.version + 1);
      else await put({ ...item, state: "refused", status: outcome.status, problems: outcome.problems, card: outcome.card });
      tell({ item, outcome });
    }
  }

  self.outbox = { TAG, all, put, take, read, keep, forget, flush, whoami, listen, tell };
})();
