// Forgetting the list takes along what this device has not sent yet: the next person must not find it.

document.getElementById("forget")?.addEventListener("submit", () => indexedDB.deleteDatabase("phananh-outbox"));
