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
  mapOnDemand(opener, box, {
    failed: () => { box.textContent = opener.dataset.failed; },
    draw: (map) => {
      const at = [Number(opener.dataset.lat), Number(opener.dataset.lon)];
      map.setView(at, opener.dataset.tiles ? 17 : 14, { animate: false });
      L.circleMarker(at, { radius: 9, color: "#fff", weight: 2, fillColor: "#084f45", fillOpacity: 1 }).addTo(map);
    },
  });
}

// ---------------------------------------------------------------- acts

for (const link of document.querySelectorAll("[data-opens]")) {
  link.addEventListener("click", () => {
    document.getElementById(link.dataset.opens).open = true;
  });
}
