// Passing a published report on: by what the device offers, or by copying the link.

(() => {
  const button = document.getElementById("share");
  const said = document.getElementById("shared");
  const { url, heading } = button.dataset;
  if (!navigator.share && !navigator.clipboard) return; // the link stands there to be copied by hand
  button.textContent = navigator.share ? button.dataset.share : button.dataset.copy;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      if (navigator.share) return await navigator.share({ title: heading, url });
      await navigator.clipboard.writeText(url);
      said.textContent = said.dataset.copied;
    } catch (error) {
      if (error.name !== "AbortError") said.textContent = said.dataset.failed; // somebody who changed their mind needs no words
    }
  });
})();
