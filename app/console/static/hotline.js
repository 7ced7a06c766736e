// A call: what is suggested meanwhile, the map when it is asked for, and nothing typed is lost by a reload.

(() => {
  const KEPT = "hotline";
  const form = document.getElementById("call");
  if (document.querySelector("[data-taken]")) sessionStorage.removeItem(KEPT);
  if (!form) return;

  for (const node of document.querySelectorAll("[data-noscript]")) node.hidden = true;
  const reveal = () => { for (const node of document.querySelectorAll("[data-script]")) node.hidden = false; };
  reveal();
  const field = (name) => form.elements.namedItem(name);
  const look = () => htmx.trigger("#looker", "look");

  // ---------------------------------------------------------------- keeping what was typed

  // The form's key is kept as well: what is sent again after a reload is the same report.
  function keep() {
    const said = [...new FormData(form)].filter(([name, value]) => name !== "csrf" && typeof value === "string");
    sessionStorage.setItem(KEPT, JSON.stringify(said));
  }
  function restore() {
    const said = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
    for (const [name, value] of said) {
      const found = field(name);
      if (!found) {
        // Asked again with the next suggestions, which bring the choices themselves.
        if (value) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value, className: "once" }));
      } else if (found.type === "checkbox") found.checked = true;
      else found.value = value;
    }
    return said.some(([name, value]) => value && name !== "key" && name !== "reporter");
  }
  if (form.hasAttribute("data-given")) keep();
  const isRestored = !form.hasAttribute("data-given") && restore();
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  document.querySelector('form[action$="/signout"]')?.addEventListener("submit", () => sessionStorage.removeItem(KEPT));

  // ---------------------------------------------------------------- suggestions

  const trouble = document.getElementById("trouble");
  const failed = () => { trouble.hidden = false; };
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:responseError", failed);
  // What was chosen while the suggestions were on their way stays chosen.
  let chosen = [];
  document.addEventListener("htmx:beforeSwap", () => {
    chosen = [...form.querySelectorAll("input[type=radio]:checked")].map(({ name, value }) => [name, value]);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful) return;
    for (const [name, value] of chosen) {
      const radio = [...form.querySelectorAll("input[type=radio]")].find((one) => one.name === name && one.value === value);
      if (radio) radio.checked = true;
    }
    trouble.hidden = true;
    for (const once of form.querySelectorAll(".once")) once.remove();
    reveal();
    keep();
  });
  document.addEventListener("click", (event) => {
    const suggested = event.target.closest("[data-suggest]");
    if (suggested) {
      field("category").value = suggested.dataset.suggest;
      keep();
      look();
    }
    if (event.target.closest("[data-unpoint]")) setPoint("", "");
  });
  if (isRestored) document.readyState === "complete" ? look() : addEventListener("load", look);

  // ---------------------------------------------------------------- the map

  function setPoint(lat, lon) {
    field("lat").value = lat;
    field("lon").value = lon;
    if (!lat && pin) pin.remove();
    keep();
    look();
  }
  const opener = document.querySelector("[data-map]");
  const box = document.getElementById("map");
  let map = null;
  let pin = null;
  opener.addEventListener("click", async () => {
    const open = box.hidden;
    box.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (!open || map) return;
    try {
      await Promise.all([load("link", { rel: "stylesheet", href: opener.dataset.style }), load("script", { src: opener.dataset.scriptSrc })]);
      await draw();
    } catch {
      box.textContent = opener.dataset.failed;
    }
  });
  const load = (kind, attributes) =>
    new Promise((resolve, reject) => {
      document.head.append(Object.assign(document.createElement(kind), attributes, { onload: resolve, onerror: reject }));
    });
  async function draw() {
    const { tiles, credit, areas } = opener.dataset;
    map = L.map(box, { preferCanvas: true, maxZoom: 18, zoomSnap: tiles ? 1 : 0.25, attributionControl: Boolean(tiles && credit) });
    map.attributionControl?.setPrefix(false);
    const answer = await fetch(areas);
    const features = await answer.json();
    const style = { color: "#0b6b5d", weight: 1.5, fillColor: "#fff", fillOpacity: tiles ? 0 : 1 };
    const dot = (_, at) => L.circleMarker(at, { radius: 4, color: "#fff", weight: 1, fillColor: "#0b6b5d", fillOpacity: 1 });
    const layer = L.geoJSON(features, { style, pointToLayer: dot }).addTo(map);
    layer.bindTooltip((one) => Object.assign(document.createElement("span"), { textContent: one.feature.properties.name }), { sticky: true });
    for (const { properties } of features.features) {
      const name = document.createElement("span");
      name.textContent = properties.name.replace(/^(Phường|Xã|Đặc khu) /, "");
      L.marker([properties.at[1], properties.at[0]], { icon: L.divIcon({ className: "commune", html: name, iconSize: null }), interactive: false, keyboard: false }).addTo(map);
    }
    if (tiles) L.tileLayer(tiles, { maxZoom: 18, attribution: Object.assign(document.createElement("span"), { textContent: credit }).innerHTML }).addTo(map);
    const [lat, lon] = [Number(field("lat").value), Number(field("lon").value)];
    if (lat && lon) {
      map.setView([lat, lon], 14);
      place({ lat, lng: lon });
    } else map.fitBounds(layer.getBounds(), { animate: false });
    const far = () => box.classList.toggle("far", map.getZoom() < 10.5); // names would lie on each other
    map.on("zoomend", far);
    far();
    map.on("click", ({ latlng }) => {
      const { lat, lng } = latlng.wrap();
      place(latlng);
      setPoint(lat.toFixed(6), lng.toFixed(6));
    });
    box.dataset.ready = "yes";
  }
  function place(at) {
    pin?.remove();
    pin = L.circleMarker(at, { radius: 9, color: "#fff", weight: 3, fillColor: "#b5470f", fillOpacity: 1 }).addTo(map);
  }
})();
