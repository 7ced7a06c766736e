// Forgetting the list takes along what this device has not sent yet, and that it is told of what was: neither is for the next
// person.

document.getElementById("forget")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  indexedDB.deleteDatabase("phananh-outbox");
  try {
    const subscription = await self.pushing.current(await navigator.serviceWorker?.getRegistration("/"));
    if (subscription) await self.pushing.end("/mine/push", subscription);
  } finally {
    event.target.submit();
  }
});
