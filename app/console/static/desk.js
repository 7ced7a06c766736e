// The desk by keyboard: one key sends a report on its way, and the next one is there. Without this script every row
// still has its buttons and its page.

(() => {
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const rowOf = (node) => node?.closest?.("[data-row]") ?? null;
  const said = document.getElementById("said");
  const trouble = document.getElementById("trouble");
  const tell = (words) => { said.textContent = ""; requestAnimationFrame(() => { said.textContent = words; }); };

  const reveal = (root) => { for (const node of root.querySelectorAll("[data-script]")) node.hidden = false; };
  reveal(document);

  // ---------------------------------------------------------------- moving

  const here = () => rowOf(document.activeElement);
  function go(row) {
    if (!row) return tell(said.dataset.end);
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
  function step(by) {
    const all = rows();
    const at = all.indexOf(here());
    go(at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by]);
  }
  /** The row after this one, else the one before it, else what follows the list. */
  function leave(row) {
    const all = rows();
    const at = all.indexOf(row);
    const next = all[at + 1] ?? all[at - 1] ?? document.getElementById("more");
    if (next) go(next);
    else tell(said.dataset.end);
  }

  // ---------------------------------------------------------------- choosing by typing

  const bare = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/gi, "d").toLowerCase();
  let choosing = null; // the row that a list was opened for

  function open(name, row) {
    const dialog = document.getElementById(`pick-${name}`);
    if (!dialog || !row?.dataset.choose) return;
    choosing = row;
    const input = dialog.querySelector("input");
    input.value = "";
    dialog.showModal();
    filter(dialog);
    input.focus();
  }
  const options = (dialog) => [...dialog.querySelectorAll("li")].filter((one) => !one.hidden);
  function mark(dialog, option) {
    for (const one of dialog.querySelectorAll("li[aria-selected]")) one.removeAttribute("aria-selected");
    const input = dialog.querySelector("input");
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }
  function filter(dialog) {
    const words = bare(dialog.querySelector("input").value).split(/\s+/).filter(Boolean);
    for (const one of dialog.querySelectorAll("li")) {
      one.dataset.bare ??= bare(one.textContent);
      one.hidden = !words.every((word) => one.dataset.bare.includes(word));
    }
    const shown = options(dialog);
    dialog.querySelector("[data-none]").hidden = shown.length > 0;
    mark(dialog, shown[0]);
  }
  function choose(dialog, option) {
    if (!option || !choosing) return;
    const row = choosing;
    const name = dialog.id.replace("pick-", "");
    const asked = new URLSearchParams({ [name]: option.dataset.id });
    // An agency is chosen for the category that the row shows; another category asks the rules anew.
    if (name === "agency") asked.set("category", row.dataset.category);
    dialog.close();
    wanted = row.id;
    htmx.ajax("GET", `${row.dataset.choose}?${asked}`, { target: row, swap: "outerHTML settle:0ms" });
  }
  for (const dialog of document.querySelectorAll("dialog.picker")) {
    const input = dialog.querySelector("input");
    if (!input) continue;
    input.addEventListener("input", () => filter(dialog));
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const shown = options(dialog);
      const at = shown.findIndex((one) => one.hasAttribute("aria-selected"));
      if (event.key === "ArrowDown" || event.key === "ArrowUp") mark(dialog, shown[(at + (event.key === "ArrowDown" ? 1 : shown.length - 1)) % shown.length]);
      else if (event.key === "Enter") choose(dialog, shown[at]);
      else return;
      event.preventDefault();
    });
    dialog.addEventListener("click", (event) => {
      const option = event.target.closest("li");
      if (option) choose(dialog, option);
      else if (event.target === dialog) dialog.close();
    });
    dialog.addEventListener("close", () => { if (choosing && document.contains(choosing)) go(choosing); });
  }

  // ---------------------------------------------------------------- keys

  function accept(row) {
    const form = row?.querySelector("form.offer");
    const button = form?.querySelector(".acts button");
    if (!row?.dataset.choose) return;
    if (!button) {
      tell(said.dataset.choose);
      return open("agency", row);
    }
    form.requestSubmit();
    leave(row);
  }

  const sheet = document.getElementById("keys");
  document.querySelector("[data-sheet]")?.addEventListener("click", () => sheet.showModal());

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]") || event.target.closest("input:not([type=hidden]), textarea, select")) return;
    const row = here();
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "a" && row) accept(row);
    else if (event.key === "c" && row) open("category", row);
    else if (event.key === "g" && row) open("agency", row);
    else if (event.key === "?" && sheet) sheet.showModal();
    else if (event.key === "Enter" && event.target === row) location.href = row.dataset.open;
    else return;
    event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const phrase = event.target.closest("[data-phrase]");
    if (phrase) {
      const field = phrase.closest("form").querySelector("textarea");
      field.value = [field.value.trim(), phrase.dataset.phrase].filter(Boolean).join(" ");
      field.dispatchEvent(new Event("input"));
      return field.focus();
    }
    const edit = event.target.closest("[data-edit]");
    if (edit && !event.ctrlKey && !event.metaKey && document.getElementById("pick-category")) {
      event.preventDefault();
      open("category", rowOf(edit));
    }
  });

  // ---------------------------------------------------------------- answers

  let wanted = null; // the row that gets the focus when it comes anew
  document.addEventListener("htmx:beforeSwap", (event) => {
    trouble.hidden = true;
    // Refused with the row as it is now: to be read where the row was.
    if ([409, 422].includes(event.detail.xhr.status) && event.detail.xhr.responseText.includes("<li")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
    if (event.detail.target.contains(document.activeElement)) wanted ??= event.detail.target.id;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    reveal(document);
    const done = event.detail.elt.closest?.(".done");
    if (done) tell(done.innerText);
    if (!wanted) return;
    const row = document.getElementById(wanted);
    if (!row && !done) return; // a count beside the list
    wanted = null;
    go(row ?? nextAfter(done));
  });
  function nextAfter(done) {
    return rows().find((row) => done.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING) ?? rows().at(-1) ?? document.getElementById("more");
  }
  const failed = () => {
    trouble.querySelector("p").textContent = said.dataset.sent;
    trouble.hidden = false;
  };
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:responseError", failed);

  // Ready for the first key.
  if (!location.hash && document.activeElement === document.body && rows().length) go(rows()[0]);
})();
