// What service workers share: pages that open without signal, and assets that are fetched once. Gives `worker`.

(() => {
  "use strict";
  const PATIENCE = 5000; // a line that answers slower than this is none: what was kept is shown

  /** From the cache, else from the network into the cache. */
  async function kept(name, request) {
    const cache = await caches.open(name);
    const found = await cache.match(request);
    if (found) return found;
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) await cache.put(request, answer.clone());
    return answer;
  }

  /** From the network into the cache, else from the cache. */
  async function newest(name, request) {
    const cache = await caches.open(name);
    try {
      const answer = await fetch(request);
      if (answer.ok) await cache.put(request, answer.clone());
      return answer;
    } catch (error) {
      const found = await cache.match(request);
      if (found) return found;
      throw error;
    }
  }

  /** The page as it is now; as it was when there is no signal. Where the server leads elsewhere, the browser goes there. */
  async function page(event, name, here) {
    const cache = await caches.open(name);
    const fresh = fetch(event.request).then(async (answer) => {
      if (answer.status >= 500) throw new Error(`page ${answer.status}`);
      if (answer.ok) await cache.put(here, answer.clone());
      return answer;
    });
    event.waitUntil(fresh.catch(() => null));
    const was = await cache.match(here);
    if (!was) return fresh.catch(() => fetch(event.request));
    const slow = new Promise((resolve) => setTimeout(() => resolve(was), PATIENCE));
    return Promise.race([fresh, slow]).catch(() => was);
  }

  /** Fetches `addresses` into the cache of this version before it takes over. */
  function fill(event, name, addresses) {
    event.waitUntil(
      caches
        .open(name)
        .then((cache) => cache.addAll(addresses))
        .then(() => self.skipWaiting()),
    );
  }

  /** Forgets older versions: caches that begin with `prefix`, without those in `stays`. */
  function clear(event, prefix, stays) {
    const old = async () => (await caches.keys()).filter((name) => name.startsWith(prefix) && !stays.includes(name));
    event.waitUntil(
      old()
        .then((names) => Promise.all(names.map((name) => caches.delete(name))))
        .then(() => self.clients.claim()),
    );
  }

  self.worker = { kept, newest, page, fill, clear };
})();
