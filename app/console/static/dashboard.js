// The page of figures gets quick: a filter asks as soon as it is chosen, an explanation closes by itself, and what goes wrong
// on the way is said. Everything works without this.

const failed = document.getElementById("failed");

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-filters] select")) target.form.requestSubmit();
});

// What is not chosen stays out of the address.
document.addEventListener(
  "submit",
  ({ target }) => {
    if (!target.matches("[data-filters]")) return;
    for (const each of target.querySelectorAll("select")) each.disabled = !each.value;
  },
  true,
);

const closeTips = (but) => {
  for (const tip of document.querySelectorAll(".tip[open]")) if (!tip.contains(but)) tip.open = false;
};
document.addEventListener("click", ({ target }) => closeTips(target));
document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  const open = document.querySelector(".tip[open]");
  closeTips(null);
  open?.querySelector("summary").focus();
});

if (failed) {
  document.addEventListener("htmx:beforeRequest", () => (failed.hidden = true));
  for (const kind of ["responseError", "sendError", "timeout", "swapError"]) {
    document.addEventListener(`htmx:${kind}`, () => (failed.hidden = false));
  }
}
