// Small comforts; every page works without them.

// On a phone the menu is one line that is pushed sideways: begin at where one is.
const entry = document.querySelector(".often [aria-current]");
if (entry) entry.parentElement.scrollLeft = entry.offsetLeft - entry.parentElement.offsetLeft - 24;

// What was typed into a long field outlives a reload or an ended session, in this tab alone.
for (const field of document.querySelectorAll("[data-keep]")) {
  const key = `keep-${field.dataset.keep}`;
  if (!field.value) field.value = sessionStorage.getItem(key) ?? "";
  field.addEventListener("input", () => {
    try {
      sessionStorage.setItem(key, field.value);
    } catch {
      sessionStorage.removeItem(key); // larger than the browser keeps
    }
  });
}

// Field mode keeps cases on the phone (field-outbox.js). Nobody is signed in here any more: they go. Acts that were not sent
// yet stay, for their author alone.
const forgetField = () => {
  if (!("caches" in window)) return;
  for (const name of ["field-page", "field-photos"]) caches.delete(name);
  indexedDB.deleteDatabase("phananh-field-kept");
};
if (document.querySelector("form[action$='/console/signin']")) forgetField();
// What is told on this device's screen is the person's who signs out: it ends, and its push service tells the server so.
const forgetDevice = async () => {
  const registration = await navigator.serviceWorker?.getRegistration("/console/field");
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
};
document.addEventListener("submit", (event) => {
  // Field mode asks first when something has not been sent.
  if (event.defaultPrevented || !event.target.getAttribute("action")?.endsWith("/console/signout")) return;
  forgetField();
  forgetDevice();
});

// A job in the background: ask how far it is, then show the page with its result.
const job = document.querySelector("[data-progress]");
if (job) {
  const bar = job.querySelector("progress");
  const words = job.querySelector("[data-words]");
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const ask = async () => {
    try {
      const answer = await fetch(job.dataset.progress, { headers: { Accept: "application/json" } });
      if (answer.redirected || answer.status === 404) return location.reload();
      const { state, done, total } = await answer.json();
      if (state !== "running") return location.reload();
      if (total) {
        bar.value = (100 * done) / total;
        words.textContent = words.dataset.words.replace("DONE", number.format(done)).replace("TOTAL", number.format(total));
      }
    } catch {
      // offline for a moment: the next round asks again
    }
    setTimeout(ask, 700);
  };
  ask();
}
