// The names of what is filled in become buttons that write them where the cursor was last.
let last = document.querySelector("[data-fields]");
for (const area of document.querySelectorAll("[data-fields]")) area.addEventListener("focus", () => (last = area));
for (const code of document.querySelectorAll("[data-field]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = code.dataset.field;
  button.setAttribute("aria-label", code.dataset.insert);
  button.addEventListener("click", () => {
    last.setRangeText(code.dataset.field, last.selectionStart, last.selectionEnd, "end");
    last.focus();
  });
  code.replaceWith(button);
}
