// The queue gets quick: choosing a filter asks at once, and what goes wrong on the way is said.

const failed = document.getElementById("queue-failed");

document.addEventListener("change", ({ target }) => {
  if (target.matches(".queue-filters select, .queue-filters input[type=date]")) target.form.requestSubmit();
});

document.addEventListener("htmx:beforeRequest", () => {
  failed.hidden = true;
});

for (const kind of ["responseError", "sendError", "timeout", "swapError"]) {
  document.addEventListener(`htmx:${kind}`, ({ detail }) => {
    // A notice that did not arrive comes with the next one.
    if (detail.target?.id === "queue") failed.hidden = false;
  });
}
