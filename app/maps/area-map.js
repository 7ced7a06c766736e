// A map that is fetched when somebody asks for it: Leaflet, the communes' areas, and tiles below them where there are any.
// The button has what to fetch in data-script-src, data-style, data-areas, data-tiles and data-credit.

window.mapOnDemand = (button, box, { named = false, draw, failed }) => {
  let map = null;
  button.addEventListener("click", async () => {
    const open = box.hidden;
    box.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (!open || map) return;
    try {
      await Promise.all([load("link", { rel: "stylesheet", href: button.dataset.style }), load("script", { src: button.dataset.scriptSrc })]);
      map = await made();
    } catch {
      failed();
    }
  });

  const load = (kind, attributes) =>
    new Promise((resolve, reject) => {
      document.head.append(Object.assign(document.createElement(kind), attributes, { onload: resolve, onerror: reject }));
    });
  const words = (text) => Object.assign(document.createElement("span"), { textContent: text });

  async function made() {
    const { tiles, credit, areas } = button.dataset;
    const features = await (await fetch(areas)).json();
    const drawn = L.map(box, { preferCanvas: true, maxZoom: 18, zoomSnap: tiles ? 1 : 0.25, attributionControl: Boolean(tiles && credit) });
    drawn.attributionControl?.setPrefix(false);
    const layer = L.geoJSON(features, {
      style: { color: "#0b6b5d", weight: 1.5, fillColor: "#fff", fillOpacity: tiles ? 0 : 1 },
      pointToLayer: (_, at) => L.circleMarker(at, { radius: 4, color: "#fff", weight: 1, fillColor: "#0b6b5d", fillOpacity: 1 }),
    }).addTo(drawn);
    layer.bindTooltip((one) => words(one.feature.properties.name), { sticky: true });
    if (named) {
      for (const { properties } of features.features) {
        const icon = L.divIcon({ className: "commune", html: words(properties.name.replace(/^(Phường|Xã|Đặc khu) /, "")), iconSize: null });
        L.marker([properties.at[1], properties.at[0]], { icon, interactive: false, keyboard: false }).addTo(drawn);
      }
    }
    if (tiles) L.tileLayer(tiles, { maxZoom: 18, attribution: words(credit).innerHTML }).addTo(drawn);
    drawn.fitBounds(layer.getBounds(), { animate: false });
    const far = () => box.classList.toggle("far", drawn.getZoom() < 10.5); // names would lie on each other
    drawn.on("zoomend", far);
    far();
    await draw(drawn);
    return drawn;
  }
};
