// Opens field mode without signal, and sends what was kept as soon as there is some, even with the page closed. Before this
// stands SETUP: {version, here, assets, scripts, push}, from the server.

importScripts(...SETUP.scripts);

const ASSETS = `field-${SETUP.version}`;
const PAGE = "field-page";
const PHOTOS = "field-photos";
const MAPS = "field-maps";

self.addEventListener("install", (event) => worker.fill(event, ASSETS, SETUP.assets));

self.addEventListener("activate", (event) => worker.clear(event, "field-", [ASSETS, PAGE, PHOTOS, MAPS]));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === SETUP.here) event.respondWith(worker.page(event, PAGE, SETUP.here));
  else if (SETUP.assets.includes(pathname)) event.respondWith(worker.kept(ASSETS, request));
  else if (pathname.startsWith(`${SETUP.here}/photos/`)) event.respondWith(worker.kept(PHOTOS, request));
  else if (pathname.startsWith("/map/")) event.respondWith(worker.newest(MAPS, request));
});

self.addEventListener("sync", (event) => {
  if (event.tag === self.outbox.TAG) event.waitUntil(self.outbox.flush());
});

self.pushed.more = async () => ({ csrf: (await self.outbox.whoami())?.csrf || "" });
