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
  const box = document.getElementById("map");
  const opener = document.querySelector("[data-map]");
  let map = null;
  let pin = null;
  mapOnDemand(opener, box, {
    named: true,
    failed: () => { box.textContent = opener.dataset.failed; },
    draw: (made) => {
      map = made;
      const [lat, lng] = [Number(field("lat").value), Number(field("lon").value)];
      if (lat && lng) {
        map.setView([lat, lng], 14);
        place({ lat, lng });
      }
      map.on("click", ({ latlng }) => {
        const { lat, lng } = latlng.wrap();
        place(latlng);
        setPoint(lat.toFixed(6), lng.toFixed(6));
      });
      box.dataset.ready = "yes";
    },
  });
  function place(at) {
    pin?.remove();
    pin = L.circleMarker(at, { radius: 9, color: "#fff", weight: 3, fillColor: "#b5470f", fillOpacity: 1 }).addTo(map);
  }
})();
