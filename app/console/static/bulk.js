// The button says how many rows are ticked; choosing another act needs no second press.
const go = document.querySelector("button[data-words]");
const ticks = [...document.querySelectorAll('input[name="row"]')];
const count = () => {
  const chosen = ticks.filter((tick) => tick.checked).length;
  go.textContent = go.dataset.words.replace("COUNT", chosen);
  go.disabled = chosen === 0;
};
if (go) {
  for (const tick of ticks) tick.addEventListener("change", count);
  count();
}
