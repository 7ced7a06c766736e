// Who gets a part by the rules, and by when, as soon as its category is chosen.

for (const line of document.querySelectorAll("[data-line]")) {
  const category = line.querySelector("[data-category]");
  const said = line.querySelector("[data-said]");
  const say = () => {
    const { agency, due } = category.selectedOptions[0]?.dataset ?? {};
    if (!due) said.textContent = "";
    else said.textContent = agency ? said.dataset.words.replace("AGENCY", agency).replace("DUE", due) : said.dataset.none;
  };
  category.addEventListener("change", say);
  say();
}
