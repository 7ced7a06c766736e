// Choosing a place: the pin stands still in the middle, the map moves below it. Without this script the form sends an
// address in words. Written for browsers of many years, for old phones.

(function () {
  "use strict";
  if (!window.L) return; // the form in words still works
  const byId = (id) => document.getElementById(id);
  const { tiles, credit, words } = JSON.parse(byId("setup").textContent);
  const form = byId("place");
  const address = byId("address");
  const CHOSEN_METRES = 20; // nearer to where the map began nobody has chosen anything
  const FAR_METRES = 25000;
  // Without tiles there is nothing to see but boundaries, so some must be in sight.
  const [COMMUNE_ZOOM, NEAR_ZOOM, ROUGH_ZOOM] = tiles ? [14, 16, 14] : [12, 13, 12];
  let communes = []; // {name, at, rings}
  let start = null; // where the map began
  let isRefitting = false;
  let accuracy = null;

  // ---------------------------------------------------------------- inside Telegram

  // Telegram's own script lies on its own server; all we need of it is what it reads from the address, and two calls.
  const initData = new URLSearchParams(location.hash.slice(1)).get("tgWebAppData") || "";

  function tellTelegram(eventType) {
    if (window.TelegramWebviewProxy) window.TelegramWebviewProxy.postEvent(eventType, "{}");
    else if (window.external && "notify" in window.external) window.external.notify(JSON.stringify({ eventType, eventData: {} }));
    else if (window.parent !== window) window.parent.postMessage(JSON.stringify({ eventType, eventData: {} }), "*");
  }

  // ---------------------------------------------------------------- the map

  const isWorded = (id, text) => {
    const box = byId(id);
    box.hidden = !text;
    if (box.textContent !== text) box.textContent = text;
  };
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const say = (text) => isWorded("where", text);
  const complain = (text) => isWorded("problem", text);

  byId("stage").hidden = false;
  byId("find").hidden = false;
  byId("plain-hint").hidden = true;
  say(byId("map-hint").innerHTML);

  const map = L.map("map", {
    preferCanvas: true,
    maxZoom: 18,
    minZoom: 6,
    zoomSnap: tiles ? 1 : 0.25, // tiles are sharp at whole steps alone; boundaries at any
    zoomControl: false,
    attributionControl: Boolean(tiles && credit),
  });
  L.control.zoom({ position: "topright", zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
  map.setView([9.2, 105.1], 9);
  if (window.ResizeObserver) new ResizeObserver(refit).observe(byId("map"));
  if (tiles) addTiles();

  /** Words above and below come and go; the pin stays on its place. */
  function refit() {
    const at = map.getCenter();
    isRefitting = true;
    map.invalidateSize({ pan: false });
    show(at, map.getZoom());
    isRefitting = false;
  }

  /** With "reset" the middle is this very point; Leaflet's other ways round it to whole pixels of the screen. */
  function show(at, zoom) {
    map.setView(at, zoom, { reset: true, animate: false });
  }

  function addTiles() {
    const text = document.createElement("span");
    text.textContent = credit;
    const layer = L.tileLayer(tiles, { maxZoom: 18, attribution: text.innerHTML });
    if (map.attributionControl) map.attributionControl.setPrefix(false);
    layer.on("tileerror", () => isWorded("notice", words.no_tiles));
    layer.addTo(map);
  }

  fetch(form.dataset.areas)
    .then((answer) => answer.json())
    .then(drawCommunes)
    .catch(() => begin()); // the pin can be placed all the same

  function drawCommunes(areas) {
    const style = { color: "#0b6b5d", weight: 1.5, fillColor: "#ffffff", fillOpacity: tiles ? 0 : 1, interactive: false };
    const dot = (_, at) => L.circleMarker(at, { radius: 4, color: "#fff", weight: 1, fillColor: "#0b6b5d", fillOpacity: 1, interactive: false });
    const layer = L.geoJSON(areas, { style, pointToLayer: dot }).addTo(map);
    communes = areas.features.map(({ properties, geometry }) => ({
      name: properties.name,
      at: L.latLng(properties.at[1], properties.at[0]),
      rings: geometry.type === "Polygon" ? geometry.coordinates : geometry.type === "MultiPolygon" ? [].concat(...geometry.coordinates) : [],
    }));
    if (communes.length) map.fitBounds(layer.getBounds(), { animate: false });
    drawNames();
    map.on("zoomend moveend", drawNames);
    begin();
  }

  function begin() {
    start = map.getCenter();
    map.on("move", () => {
      if (!isRefitting && isChosen()) say(placeName(map.getCenter()));
    });
    map.on("click", (event) => map.panTo(event.latlng));
    map.on("movestart", () => {
      if (!isRefitting) complain("");
    });
    form.dataset.ready = "yes";
  }

  const isChosen = () => start !== null && map.getCenter().distanceTo(start) > CHOSEN_METRES;

  /** As many names as fit without touching each other; those nearest to the middle first. */
  const names = L.layerGroup().addTo(map);
  function drawNames() {
    names.clearLayers();
    const taken = [];
    const centre = map.getCenter();
    const shown = communes.filter((commune) => map.getBounds().contains(commune.at));
    shown.sort((a, b) => a.at.distanceTo(centre) - b.at.distanceTo(centre));
    for (const commune of shown) {
      const label = document.createElement("span");
      label.textContent = commune.name.replace(/^(Phường|Xã|Đặc khu) /, "");
      const { x, y } = map.latLngToContainerPoint(commune.at);
      const half = label.textContent.length * 4 + 6;
      const box = { left: x - half, right: x + half, top: y - 10, bottom: y + 14 };
      if (taken.some((one) => box.left < one.right && box.right > one.left && box.top < one.bottom && box.bottom > one.top)) continue;
      taken.push(box);
      const icon = L.divIcon({ className: "commune", html: label, iconSize: null, iconAnchor: [0, commune.rings.length ? 6 : -6] });
      names.addLayer(L.marker(commune.at, { icon, interactive: false, keyboard: false }));
    }
  }

  /** The commune below a point by its simplified boundary, else the nearest centre. The chat asks for confirmation. */
  function placeName(point) {
    const inside = communes.find((commune) => isInside(commune.rings, point.lng, point.lat));
    if (inside) return inside.name;
    const distances = communes.map((commune) => commune.at.distanceTo(point));
    const nearest = Math.min(...distances);
    if (!communes.length) return "";
    if (nearest > FAR_METRES) return words.outside;
    return fill(words.near, { place: communes[distances.indexOf(nearest)].name });
  }

  function isInside(rings, x, y) {
    let isIn = false;
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
        const [ax, ay] = ring[i];
        const [bx, by] = ring[j];
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isIn = !isIn;
      }
    }
    return isIn;
  }

  // ---------------------------------------------------------------- own position

  byId("mine").addEventListener("click", () => {
    complain("");
    if (!navigator.geolocation) return complain(words.no_position);
    say(words.locating);
    navigator.geolocation.getCurrentPosition(onPosition, onNoPosition, { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 });
  });

  function onPosition({ coords }) {
    const at = L.latLng(coords.latitude, coords.longitude);
    if (accuracy) accuracy.remove();
    accuracy = L.circle(at, { radius: coords.accuracy, color: "#1a73e8", weight: 1, fillOpacity: 0.12, interactive: false }).addTo(map);
    show(at, coords.accuracy > 500 ? ROUGH_ZOOM : NEAR_ZOOM);
    say(placeName(at));
    isWorded("notice", coords.accuracy > 200 ? fill(words.rough, { metres: Math.round(coords.accuracy / 100) * 100 }) : "");
  }

  function onNoPosition(error) {
    say(isChosen() ? placeName(map.getCenter()) : "");
    complain(error.code === 1 ? words.denied : words.no_position);
  }

  // ---------------------------------------------------------------- an address

  byId("find").addEventListener("click", find);
  address.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    find();
  });

  async function find() {
    const text = address.value.trim();
    complain("");
    byId("results").hidden = true;
    if (!text) return address.focus();
    let found;
    try {
      const answer = await fetch(`/map/search?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
      found = await answer.json();
      if (!answer.ok) return complain(found.problem);
    } catch (error) {
      return complain(words.no_search);
    }
    if (!found.length) return complain(words.not_found_address);
    if (found.length === 1) return goTo(found[0]);
    byId("results-said").textContent = fill(words.results, { count: found.length });
    const entries = found.map((place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = place.name;
      button.addEventListener("click", () => goTo(place));
      const item = document.createElement("li");
      item.append(button);
      return item;
    });
    const list = byId("results").querySelector("ul");
    list.textContent = "";
    list.append(...entries);
    byId("results").hidden = false;
  }

  function goTo(place) {
    byId("results").hidden = true;
    show([place.lat, place.lon], place.name ? COMMUNE_ZOOM : NEAR_ZOOM);
    say(placeName(map.getCenter()));
    byId("map").focus();
  }

  // ---------------------------------------------------------------- sending

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    complain("");
    if (!isChosen()) return complain(words.drag_first);
    const { lat, lng } = map.getCenter().wrap();
    const button = form.querySelector(".primary");
    button.disabled = true;
    try {
      const answer = await fetch(location.pathname, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams({ lat: lat.toFixed(6), lon: lng.toFixed(6), init_data: initData }),
      });
      if (answer.ok) return sent();
      complain((await answer.json()).problem);
    } catch (error) {
      complain(words.offline);
    } finally {
      button.disabled = false;
    }
  });

  function sent() {
    form.hidden = true;
    byId("sent").hidden = false;
    byId("sent").querySelector("h1").focus();
    if (!initData) return;
    byId("back").hidden = false;
    byId("back").addEventListener("click", () => tellTelegram("web_app_close"));
    tellTelegram("web_app_close");
  }

  if (initData) {
    tellTelegram("web_app_ready");
    tellTelegram("web_app_expand");
  }
})();
