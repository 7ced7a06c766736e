// Templates stand below the field they are for and are put in where the cursor was, without asking the server. The same
// template chosen again, or another one in its stead, replaces words that nobody has changed.
for (const box of document.querySelectorAll("[data-responses]")) {
  const form = document.getElementById(box.dataset.responses);
  const area = form?.querySelector('textarea[name="text"]');
  if (!area) continue;
  area.after(box);
  const chosen = Object.assign(document.createElement("input"), { type: "hidden", name: "template" });
  form.querySelector('input[name="template"]') ?? form.append(chosen);
  let put = null;
  for (const button of box.querySelectorAll("button")) {
    button.type = "button";
    button.addEventListener("click", () => {
      const words = button.dataset.fill;
      if (!area.value.trim() || area.value === put) area.value = words;
      else area.setRangeText(words, area.selectionStart, area.selectionEnd, "end");
      put = words;
      form.querySelector('input[name="template"]').value = button.value;
      area.dispatchEvent(new Event("input", { bubbles: true }));
      box.open = false;
      area.focus();
    });
  }
}
