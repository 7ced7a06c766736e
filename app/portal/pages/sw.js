// Opens the sending page without signal, and sends what was written there as soon as there is some, even with the page
// closed; shows what is told of it (pushed.js). It keeps that page, the one that says there is no signal, assets and maps; nothing of anybody's. Before this
// stands SETUP: {version, here, offline, site, assets, scripts, push}, from the server.

importScripts(...SETUP.scripts);

const ASSETS = `site-${SETUP.version}`;
const PAGE = "site-page";
const MAPS = "site-maps";

self.addEventListener("install", (event) => {
  worker.fill(event, ASSETS, SETUP.assets);
  worker.fill(event, PAGE, [SETUP.here, SETUP.offline]);
});

self.addEventListener("activate", (event) => worker.clear(event, "site-", [ASSETS, PAGE, MAPS]));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (pathname === SETUP.here) event.respondWith(worker.page(event, PAGE, SETUP.here));
    else if (SETUP.site.includes(`/${pathname.split("/")[1]}`)) event.respondWith(fetch(request).catch(() => caches.match(SETUP.offline)));
  } else if (SETUP.assets.includes(pathname)) event.respondWith(worker.kept(ASSETS, request));
  else if (/^\/(static\/[^/]+\/leaflet|map\/\d)/.test(pathname)) event.respondWith(worker.newest(MAPS, request));
});

self.addEventListener("sync", (event) => {
  if (event.tag === self.outbox.TAG) event.waitUntil(self.outbox.flush().then(self.pushed.renew));
});
