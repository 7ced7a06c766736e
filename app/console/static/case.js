// The page of a case: photos in full size, and the large map when it is asked for. Everything works without it.

// ---------------------------------------------------------------- photos

const zoom = document.querySelector("[data-zoom]");
if (zoom) {
  const shots = [...document.querySelectorAll("[data-shot]")];
  const large = zoom.querySelector("[data-large]");
  const other = zoom.querySelector("[data-other]");
  const compare = zoom.querySelector("[data-compare]");
  let at = 0;

  const show = (to) => {
    at = (to + shots.length) % shots.length;
    const shot = shots[at];
    large.src = shot.href;
    large.alt = shot.dataset.shot;
    zoom.querySelector("[data-caption]").textContent = `${shot.dataset.shot} (${at + 1}/${shots.length})`;
    zoom.querySelector("[data-file]").href = shot.dataset.original;
    setBoth(false);
  };
  const setBoth = (on) => {
    compare?.setAttribute("aria-pressed", String(on));
    other.hidden = !on;
    large.parentElement.classList.toggle("both", on);
    if (!on) return;
    const [before, after] = [...document.querySelectorAll(".heroes [data-shot]")];
    [large.src, large.alt, other.src, other.alt] = [before.href, before.dataset.shot, after.href, after.dataset.shot];
    zoom.querySelector("[data-caption]").textContent = `${before.dataset.shot} – ${after.dataset.shot}`;
  };

  for (const [index, shot] of shots.entries()) {
    shot.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      show(index);
      zoom.showModal();
    });
  }
  for (const button of zoom.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => show(at + Number(button.dataset.step)));
  }
  compare?.addEventListener("click", () => (compare.getAttribute("aria-pressed") === "true" ? show(at) : setBoth(true)));
  zoom.querySelector("[data-close]").addEventListener("click", () => zoom.close());
  zoom.addEventListener("close", () => shots[at].focus());
  zoom.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") show(at - 1);
    else if (event.key === "ArrowRight") show(at + 1);
    else return;
    event.preventDefault();
  });
}

// ---------------------------------------------------------------- the large map

const opener = document.querySelector("[data-map]");
const box = document.querySelector("[data-big-map]");
if (opener && box) {
  opener.hidden = false;
  let map = null;
  opener.addEventListener("click", async () => {
    const open = box.hidden;
    box.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (!open || map) return;
    try {
      await Promise.all([load("link", { rel: "stylesheet", href: opener.dataset.style }), load("script", { src: opener.dataset.script })]);
      map = draw();
    } catch {
      box.textContent = opener.dataset.failed;
    }
  });
}

function load(kind, attributes) {
  return new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(kind), attributes, { onload: resolve, onerror: reject });
    document.head.append(element);
  });
}

function draw() {
  const { lat, lon, areas, tiles, credit } = opener.dataset;
  box.textContent = "";
  const L = window.L;
  const made = L.map(box, { preferCanvas: true, maxZoom: 18, attributionControl: Boolean(tiles && credit) });
  made.attributionControl?.setPrefix(false);
  made.setView([Number(lat), Number(lon)], tiles ? 17 : 14);
  if (tiles) L.tileLayer(tiles, { maxZoom: 18, attribution: text(credit) }).addTo(made);
  L.circleMarker([Number(lat), Number(lon)], { radius: 9, color: "#fff", weight: 2, fillColor: "#084f45", fillOpacity: 1 }).addTo(made);
  fetch(areas)
    .then((answer) => answer.json())
    .then((found) => L.geoJSON(found, { style: { color: "#0b6b5d", weight: 1.5, fill: false }, pointToLayer: (_, at) => L.circleMarker(at, { radius: 3 }), interactive: false }).addTo(made))
    .catch(() => {}); // the pin is there all the same
  return made;
}

function text(words) {
  const span = document.createElement("span");
  span.textContent = words;
  return span.innerHTML;
}

// ---------------------------------------------------------------- acts

for (const link of document.querySelectorAll("[data-opens]")) {
  link.addEventListener("click", () => {
    document.getElementById(link.dataset.opens).open = true;
  });
}
