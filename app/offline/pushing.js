// Being told by Web Push: a browser's subscription, and how the server hears of it. For pages and for service workers. Gives
// `pushing`: {subscribe, current, register, end}; `where` is the server's address for it, `{where}/off` ends it.

(() => {
  "use strict";
  const said = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  async function post(where, fields) {
    const answer = await fetch(where, { method: "POST", body: new URLSearchParams(fields), headers: { Accept: "application/json" } });
    const words = await answer.json().catch(() => ({}));
    if (!answer.ok) throw Object.assign(new Error(`push ${answer.status}`), { words: words.problem, status: answer.status });
    return words;
  }

  /** The subscription with the server's key; one with another key, of before, ends. */
  async function subscribe({ pushManager }, key) {
    const old = await pushManager.getSubscription();
    const known = old?.options?.applicationServerKey;
    if (old && known && said(known) === key) return old;
    if (old) await old.unsubscribe();
    return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  }

  async function current(registration) {
    return registration?.pushManager ? registration.pushManager.getSubscription() : null;
  }

  /** `more`: what the server wants besides, such as a token. */
  function register(where, subscription, more = {}) {
    const { endpoint, keys } = subscription.toJSON();
    return post(where, { address: endpoint, ...keys, ...more });
  }

  /** It is over for the browser even where the server cannot be told: its push service then says that nobody is there. */
  async function end(where, subscription, more = {}) {
    await subscription.unsubscribe();
    await post(`${where}/off`, { address: subscription.endpoint, ...more }).catch(() => null);
  }

  self.pushing = { subscribe, current, register, end };
})();
