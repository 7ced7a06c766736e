// Opens field mode without signal, and sends what was kept as soon as there is some, even with the page closed. Before this
// stands SETUP: {version, here, assets, outbox}, from the server.

importScripts(SETUP.outbox);

const ASSETS = `field-${SETUP.version}`;
const PAGE = "field-page";
const PHOTOS = "field-photos";
const MAPS = "field-maps";
const PATIENCE = 5000; // a line that answers slower than this is none: what was kept is shown

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(ASSETS)
      .then((cache) => cache.addAll(SETUP.assets))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const stays = new Set([ASSETS, PAGE, PHOTOS, MAPS]);
  const old = async () => (await caches.keys()).filter((name) => name.startsWith("field-") && !stays.has(name));
  event.waitUntil(
    old()
      .then((names) => Promise.all(names.map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === SETUP.here) event.respondWith(page(event));
  else if (SETUP.assets.includes(pathname)) event.respondWith(kept(ASSETS, request));
  else if (pathname.startsWith(`${SETUP.here}/photos/`)) event.respondWith(kept(PHOTOS, request));
  else if (pathname.startsWith("/map/")) event.respondWith(newest(MAPS, request));
});

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

/** The page as it is now; as it was when there is no signal. Where the session has ended, the server leads to the sign-in. */
async function page(event) {
  const cache = await caches.open(PAGE);
  const fresh = fetch(event.request).then(async (answer) => {
    if (answer.status >= 500) throw new Error(`page ${answer.status}`);
    if (answer.ok) await cache.put(SETUP.here, answer.clone());
    return answer;
  });
  event.waitUntil(fresh.catch(() => null));
  const was = await cache.match(SETUP.here);
  if (!was) return fresh.catch(() => fetch(event.request));
  const slow = new Promise((resolve) => setTimeout(() => resolve(was), PATIENCE));
  return Promise.race([fresh, slow]).catch(() => was);
}

self.addEventListener("sync", (event) => {
  if (event.tag === self.outbox.TAG) event.waitUntil(self.outbox.flush());
});
