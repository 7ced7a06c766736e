// The map of what is published: dots come from the server for the part in view, many near each other as one with a number.

(() => {
  const byId = (id) => document.getElementById(id);
  for (const node of document.querySelectorAll("[data-script]")) node.hidden = false;
  const opener = byId("open-map");
  const box = byId("map");
  const trouble = byId("trouble");
  let map = null;
  let dots = null;
  let asked = 0;

  opener.addEventListener("click", async () => {
    const open = box.hidden;
    box.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (!open || map) return;
    try {
      await Promise.all([load("link", { rel: "stylesheet", href: opener.dataset.style }), load("script", { src: opener.dataset.scriptSrc })]);
      await draw();
    } catch {
      box.hidden = true;
      trouble.textContent = trouble.dataset.map;
      trouble.hidden = false;
    }
  });
  const load = (kind, attributes) =>
    new Promise((resolve, reject) => {
      document.head.append(Object.assign(document.createElement(kind), attributes, { onload: resolve, onerror: reject }));
    });

  async function draw() {
    const { tiles, credit, areas } = opener.dataset;
    const features = await (await fetch(areas)).json();
    map = L.map(box, { preferCanvas: true, maxZoom: 18, attributionControl: Boolean(tiles && credit) });
    map.attributionControl?.setPrefix(false);
    const layer = L.geoJSON(features, {
      style: { color: "#0b6b5d", weight: 1, fillColor: "#fff", fillOpacity: tiles ? 0 : 1 },
      pointToLayer: (_, at) => L.circleMarker(at, { radius: 2, color: "#7c8f86", weight: 1, interactive: false }),
    }).addTo(map);
    if (tiles) L.tileLayer(tiles, { maxZoom: 18, attribution: Object.assign(document.createElement("span"), { textContent: credit }).innerHTML }).addTo(map);
    dots = L.layerGroup().addTo(map);
    map.fitBounds(layer.getBounds(), { animate: false });
    map.on("moveend", show);
    await show();
  }

  async function show() {
    const mine = ++asked;
    const view = map.getBounds().pad(0.1);
    const clamp = (value, most) => Math.max(-most, Math.min(most, value)).toFixed(5);
    const edges = [clamp(view.getSouth(), 90), clamp(view.getNorth(), 90), clamp(view.getWest(), 180), clamp(view.getEast(), 180)];
    const answer = await fetch(`${opener.dataset.points}${opener.dataset.points.endsWith("?") ? "" : "&"}box=${edges}&zoom=${Math.round(map.getZoom())}`);
    if (!answer.ok || mine !== asked) return;
    const { points, names } = await answer.json();
    dots.clearLayers();
    for (const [lat, lon, n, code, category] of points) dots.addLayer(n === 1 ? one(lat, lon, code, names[category]) : several(lat, lon, n));
    box.dataset.ready = String(points.length);
  }
  function one(lat, lon, code, name) {
    const link = Object.assign(document.createElement("a"), { href: `/r/${code}`, textContent: `${name} · ${code}` });
    return L.circleMarker([lat, lon], { radius: 8, color: "#fff", weight: 2, fillColor: "#b5470f", fillOpacity: 1 }).bindPopup(link);
  }
  function several(lat, lon, n) {
    const size = n < 10 ? 32 : n < 100 ? 40 : n < 1000 ? 48 : 56;
    const label = Object.assign(document.createElement("span"), { textContent: n });
    const icon = L.divIcon({ className: "many", html: label, iconSize: [size, size] });
    const marker = L.marker([lat, lon], { icon, title: opener.dataset.many.replace("{count}", n), alt: opener.dataset.many.replace("{count}", n) });
    return marker.on("click", () => map.setView([lat, lon], Math.min(map.getZoom() + 2, 18)));
  }
})();
