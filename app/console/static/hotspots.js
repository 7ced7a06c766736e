// The large map of hot spots: Leaflet and the points come when it is asked for.

(function () {
  "use strict";

  const load = (tag, attributes) => new Promise((done, failed) => {
    const made = Object.assign(document.createElement(tag), attributes);
    made.onload = done;
    made.onerror = failed;
    document.head.append(made);
  });

  const text = (tag, words) => Object.assign(document.createElement(tag), { textContent: words });

  async function draw(opener, box) {
    const { points, script, style, areas, tiles, credit, zoomIn, zoomOut } = opener.dataset;
    const fetched = Promise.all([points, areas].map(async (path) => {
      const answer = await fetch(path);
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    }));
    if (!self.L) await Promise.all([load("link", { rel: "stylesheet", href: style }), load("script", { src: script })]);
    const [found, outline] = await fetched;
    box.hidden = false;
    const map = L.map(box, { preferCanvas: true, maxZoom: 18, zoomControl: false, attributionControl: Boolean(tiles && credit) });
    map.setView([9.2, 105.1], 9);
    L.control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
    if (tiles) {
      map.attributionControl?.setPrefix(false);
      L.tileLayer(tiles, { maxZoom: 18, attribution: text("span", credit).innerHTML }).addTo(map);
    }
    const look = { color: "#0b6b5d", weight: 1.2, fillColor: "#ffffff", fillOpacity: tiles ? 0 : 1, interactive: false };
    const dot = (_, at) => L.circleMarker(at, { radius: 3, color: "#0b6b5d", fillOpacity: 1, interactive: false });
    const ground = L.geoJSON(outline, { style: look, pointToLayer: dot }).addTo(map);
    for (const one of found.points) {
      L.circleMarker([one.lat, one.lon], { radius: 4, weight: 1, color: "#ffffff", fillColor: "#0b6b5d", fillOpacity: 0.75 })
        .bindTooltip(text("span", one.name)).addTo(map);
    }
    for (const one of found.spots) {
      const icon = L.divIcon({ className: "", html: Object.assign(text("span", one.number), { className: "sign" }), iconSize: [30, 30] });
      const marker = L.marker([one.lat, one.lon], { icon, title: one.name, alt: one.name }).addTo(map);
      marker.on("click", () => location.assign(one.path));
    }
    const places = found.spots.length ? found.spots : found.points;
    map.fitBounds(places.length ? L.latLngBounds(places.map((one) => [one.lat, one.lon])).pad(0.2) : ground.getBounds(), { maxZoom: 15, animate: false });
    return map;
  }

  function prepare() {
    const opener = document.querySelector("[data-large-map]");
    if (!opener || opener.dataset.ready) return;
    const box = document.querySelector("[data-large-box]");
    const wrong = document.querySelector("[data-large-wrong]");
    const drawn = document.querySelector(".heat");
    let map = null;
    opener.dataset.ready = "1";
    opener.hidden = false;
    opener.addEventListener("click", async () => {
      const isOpen = opener.getAttribute("aria-expanded") === "true";
      wrong.hidden = true;
      try {
        if (!isOpen && !map) {
          opener.disabled = true;
          map = await draw(opener, box);
        }
        box.hidden = isOpen;
        if (drawn) drawn.hidden = !isOpen;
        opener.setAttribute("aria-expanded", String(!isOpen));
        opener.textContent = isOpen ? opener.dataset.open : opener.dataset.close;
        map.invalidateSize();
      } catch {
        box.hidden = true;
        wrong.textContent = opener.dataset.failed;
        wrong.hidden = false;
      } finally {
        opener.disabled = false;
      }
    });
  }

  prepare();
  document.addEventListener("htmx:load", prepare);
})();
