// One letter does what stands beside it: every element with data-key is reached by that key. A link or a button is pressed;
// a form, or what holds one, is opened and its first field gets the focus (a form without fields: its button). "?" shows
// them all. Ctrl+Enter sends the form that somebody types in. Letters can be switched off, for whoever speaks to the
// computer or rests a hand on the keys.

(function () {
  "use strict";
  const OFF = "phananh-keys-off";
  const sheet = document.querySelector("[data-keys]");
  const isOff = () => localStorage.getItem(OFF) === "yes";
  const isTyping = (element) => Boolean(element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]"));
  const words = (element) => element.dataset.keySays || element.textContent.trim();

  function press(element) {
    for (let box = element; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
    if (element.matches("a, button")) return element.click();
    const field = element.querySelector("textarea, select, input:not([type=hidden])") || element.querySelector("button, a");
    if (!field) return;
    field.focus();
    element.scrollIntoView({ block: "nearest" });
  }

  function showSheet() {
    const list = sheet.querySelector("[data-keys-list]");
    list.textContent = "";
    for (const element of document.querySelectorAll("[data-key]")) {
      const key = document.createElement("dt");
      key.append(Object.assign(document.createElement("kbd"), { textContent: element.dataset.key }));
      list.append(key, Object.assign(document.createElement("dd"), { textContent: words(element) }));
    }
    sheet.querySelector("[data-keys-off]").checked = isOff();
    sheet.showModal();
  }

  sheet?.querySelector("[data-keys-off]").addEventListener("change", ({ target }) => {
    if (target.checked) localStorage.setItem(OFF, "yes");
    else localStorage.removeItem(OFF);
  });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const { target, key } = event;
    if (key === "Enter" && (event.ctrlKey || event.metaKey) && target.form) {
      event.preventDefault();
      return target.form.requestSubmit(target.form.querySelector("button:not([type=button])"));
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (isTyping(target)) return key === "Escape" ? target.blur() : undefined;
    if (key === "?" && sheet) {
      event.preventDefault();
      return showSheet();
    }
    if (isOff()) return;
    const element = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
    if (element) {
      event.preventDefault();
      press(element);
    }
  });
})();
