// The report form: suggestions while somebody writes, photos made smaller before they travel, the place from the device
// or a map. Without this script the form asks for the same by words.

(() => {
  const form = document.getElementById("report");
  const byId = (id) => document.getElementById(id);
  const field = (name) => form.elements.namedItem(name);
  const reveal = () => { for (const node of document.querySelectorAll("[data-script], [data-suggest]")) node.hidden = false; };
  reveal();
  byId("unpoint").hidden = false;

  // ---------------------------------------------------------------- suggestions

  let waiting = 0;
  let asked = 0;
  function later(delay) {
    clearTimeout(waiting);
    waiting = setTimeout(look, delay);
  }
  async function look() {
    const mine = ++asked;
    const said = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") said.append(name, value);
    if (!field("text").value.trim() && !field("address").value.trim() && !field("lat").value) return;
    try {
      const answer = await fetch("/look", { method: "POST", body: said });
      if (!answer.ok || mine !== asked) return;
      byId("look").innerHTML = await answer.text();
      reveal();
    } catch {
      // Suggestions help; the report can be sent without them.
    }
  }
  form.addEventListener("input", ({ target }) => { if (target === field("text") || target === field("address")) later(500); });
  form.addEventListener("change", ({ target }) => { if (target.name === "category") later(0); });
  document.addEventListener("click", ({ target }) => {
    const chip = target.closest("[data-suggest]");
    if (!chip) return;
    field("category").value = chip.dataset.suggest;
    field("category").focus();
    later(0);
  });

  // ---------------------------------------------------------------- photos

  const SMALL = { longest: 2000, enough: 700_000, quality: 0.85 };
  const shots = byId("photos");
  shots.addEventListener("change", async () => {
    const chosen = [...shots.files];
    const button = form.querySelector(".primary");
    button.disabled = true;
    try {
      const smaller = await Promise.all(chosen.map(shrink));
      if (smaller.some((file, at) => file !== chosen[at])) {
        const kept = new DataTransfer();
        for (const file of smaller) kept.items.add(file);
        shots.files = kept.files;
        byId("photos-said").textContent = form.dataset.shrunk;
      }
    } finally {
      button.disabled = false;
    }
    show();
    form.dispatchEvent(new Event("placed"));
  });
  async function shrink(file) {
    if (file.size <= SMALL.enough) return file;
    const { data, type, name } = await smallPhoto(file, SMALL);
    return data.byteLength < file.size ? new File([data], name, { type }) : file;
  }
  function show() {
    const box = byId("previews");
    for (const old of box.children) URL.revokeObjectURL(old.src);
    box.textContent = "";
    for (const file of shots.files) box.append(Object.assign(new Image(), { src: URL.createObjectURL(file), alt: file.name }));
    box.hidden = !shots.files.length;
  }

  // ---------------------------------------------------------------- the place

  const trouble = byId("trouble");
  function complain(words) {
    trouble.textContent = words;
    trouble.hidden = !words;
  }
  function setPoint(lat, lon) {
    field("lat").value = lat;
    field("lon").value = lon;
    const said = byId("point").querySelector("[data-says]");
    said.textContent = lat ? said.dataset.says : "";
    byId("point").hidden = !lat;
    complain("");
    if (!lat) pin?.remove();
    form.dispatchEvent(new Event("placed"));
    later(0);
  }
  // What was kept on the device stands in the form again.
  form.addEventListener("filled", () => {
    show();
    setPoint(field("lat").value, field("lon").value);
  });
  byId("unpoint").addEventListener("click", () => setPoint("", ""));
  byId("mine").addEventListener("click", () => {
    if (!navigator.geolocation) return complain(trouble.dataset.none);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setPoint(coords.latitude.toFixed(6), coords.longitude.toFixed(6));
        if (map) {
          map.setView([coords.latitude, coords.longitude], 16);
          put({ lat: coords.latitude, lng: coords.longitude });
        }
      },
      (error) => complain(error.code === error.PERMISSION_DENIED ? trouble.dataset.denied : trouble.dataset.none),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
    );
  });

  let map = null;
  let pin = null;
  mapOnDemand(byId("open-map"), byId("map"), {
    named: true,
    failed: () => {
      byId("map").hidden = true;
      complain(trouble.dataset.map);
    },
    draw: (made) => {
      map = made;
      const [lat, lng] = [Number(field("lat").value), Number(field("lon").value)];
      if (lat && lng) {
        map.setView([lat, lng], 16);
        put({ lat, lng });
      }
      map.on("click", ({ latlng }) => {
        const { lat, lng } = latlng.wrap();
        put(latlng);
        setPoint(lat.toFixed(6), lng.toFixed(6));
      });
      byId("map").dataset.ready = "yes";
    },
  });
  function put(at) {
    pin?.remove();
    pin = L.circleMarker(at, { radius: 10, color: "#fff", weight: 3, fillColor: "#b5470f", fillOpacity: 1 }).addTo(map);
  }

  // The server holds off whoever is faster than a person; somebody who is that fast waits here instead. A timer may
  // ring a little early by the clock that is read here, hence as often as it takes.
  const SOONEST = 3200;
  let isWaiting = false;
  form.addEventListener("submit", (event) => {
    const button = form.querySelector(".primary");
    button.textContent = button.dataset.busy;
    const left = SOONEST - performance.now();
    if (left > 0) {
      event.preventDefault();
      if (!isWaiting) setTimeout(() => { isWaiting = false; form.requestSubmit(); }, Math.ceil(left));
      isWaiting = true;
      return;
    }
    setTimeout(() => { button.disabled = true; });
  });
  // Back from the next page by the browser's own button: the form is as it was, and can be sent again.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
