// The map of field mode: our communes' boundaries and a pin for each case. Loaded when it is asked for; needs no tile server
// and, once it was looked at, no signal.

(function () {
  "use strict";
  const { setup, say, el, place } = self.fieldViews;
  const box = document.getElementById("map");
  const map = L.map(box, { preferCanvas: true, maxZoom: 18, minZoom: 6, zoomControl: false, attributionControl: Boolean(setup.tiles && setup.credit) });
  L.control.zoom({ zoomInTitle: say("zoom_in"), zoomOutTitle: say("zoom_out") }).addTo(map);
  map.setView([9.2, 105.1], 9);
  const pins = L.layerGroup().addTo(map);
  let isPlaced = false;

  if (setup.tiles) {
    map.attributionControl?.setPrefix(false);
    L.tileLayer(setup.tiles, { maxZoom: 18, attribution: el("span", {}, setup.credit).innerHTML }).addTo(map);
  }
  const style = { color: "#0b6b5d", weight: 1.2, fillColor: "#ffffff", fillOpacity: setup.tiles ? 0 : 1, interactive: false };
  const dot = (_, at) => L.circleMarker(at, { radius: 3, color: "#0b6b5d", fillOpacity: 1, interactive: false });
  fetch(setup.areas)
    .then((answer) => answer.json())
    .then((areas) => L.geoJSON(areas, { style, pointToLayer: dot }).addTo(map).bringToBack())
    .catch(() => null); // the pins stand all the same

  function draw(cards, here) {
    if (box.hidden) return;
    map.invalidateSize();
    pins.clearLayers();
    const placed = cards.filter((card) => card.lat !== null);
    const now = new Date();
    for (const card of placed) {
      const isLate = !card.paused && new Date(card.due_at) < now;
      const icon = L.divIcon({ className: `pin${isLate ? " late" : ""}`, html: el("span", {}, isLate ? "!" : ""), iconSize: [28, 28] });
      const words = el("div", {}, el("a", { href: `#${card.code}` }, card.category), el("br"), place(card));
      pins.addLayer(L.marker([card.lat, card.lon], { icon, title: `${card.category}, ${place(card)}`, alt: card.code }).bindPopup(words));
    }
    if (here) pins.addLayer(L.circleMarker([here.lat, here.lon], { radius: 8, color: "#ffffff", weight: 3, fillColor: "#1a73e8", fillOpacity: 1, interactive: false }));
    if (isPlaced || !placed.length) return;
    isPlaced = true;
    map.fitBounds(L.latLngBounds(placed.map((card) => [card.lat, card.lon])).pad(0.15), { maxZoom: 15, animate: false });
  }

  self.fieldMap = { draw };
})();
