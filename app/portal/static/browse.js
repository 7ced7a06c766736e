// The map of what is published: dots come from the server for the part in view, many near each other as one with a number.

(() => {
  const byId = (id) => document.getElementById(id);
  for (const node of document.querySelectorAll("[data-script]")) node.hidden = false;
  const opener = byId("open-map");
  const box = byId("map");
  const trouble = byId("trouble");
  const none = byId("no-dots");
  let map = null;
  let dots = null;
  let asked = 0;

  mapOnDemand(opener, box, {
    failed: () => {
      box.hidden = true;
      trouble.textContent = trouble.dataset.map;
      trouble.hidden = false;
    },
    draw: async (made) => {
      map = made;
      dots = L.layerGroup().addTo(map);
      if (opener.dataset.focus) {
        const [south, west, north, east] = opener.dataset.focus.split(",").map(Number);
        map.fitBounds([[south, west], [north, east]], { animate: false });
      }
      map.on("moveend", show);
      await show();
    },
  });

  if ("atOnce" in opener.dataset) opener.click();

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
    if (none) none.hidden = points.length > 0;
  }
  function one(lat, lon, code, name) {
    const link = Object.assign(document.createElement("a"), { href: `/r/${code}`, target: opener.dataset.target ?? "", rel: "noopener", textContent: `${name} · ${code}` });
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
