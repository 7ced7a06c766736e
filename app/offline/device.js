// What pages that work without signal, and their service workers, keep on the device and how they send it. Gives
// `device`: {within, ask, alone, news, syncLater}.

(() => {
  "use strict";
  const opened = {};
  function database(name, store, keyPath) {
    opened[name] ||= new Promise((resolve, reject) => {
      const asking = indexedDB.open(name, 1);
      asking.onupgradeneeded = () => asking.result.createObjectStore(store, keyPath ? { keyPath } : undefined);
      asking.onerror = () => reject(asking.error);
      asking.onsuccess = () => {
        // Another tab is deleting it: nothing may stay.
        asking.result.onversionchange = () => {
          asking.result.close();
          delete opened[name];
        };
        resolve(asking.result);
      };
    });
    return opened[name];
  }

  /** Runs `work` on a store, [database, store, key path], and gives its request's result once everything is on the disk. */
  async function within([name, store, keyPath], mode, work) {
    const db = await database(name, store, keyPath);
    return new Promise((resolve, reject) => {
      const transaction = db.transaction(store, mode);
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request && request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  }

  /** A request past every cache that is given up after `patience` milliseconds. Rejects without signal. */
  function ask(address, options, patience = 60000) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), patience);
    return fetch(address, { ...options, cache: "no-store", signal: stop.signal }).finally(() => clearTimeout(timer));
  }

  /** One tab or worker at a time. */
  const alone = (name, work) => (navigator.locks ? navigator.locks.request(name, work) : work());

  /** What any tab or the worker tells, to all of them: {tell, listen}. */
  function news(name) {
    const channel = "BroadcastChannel" in self ? new BroadcastChannel(name) : null;
    const listeners = [];
    return {
      tell(said) {
        if (channel) channel.postMessage(said);
        for (const listener of listeners) listener(said);
      },
      listen(listener) {
        listeners.push(listener);
        if (channel) channel.onmessage = ({ data }) => listener(data);
      },
    };
  }

  /** So that the browser sends what waits even when the page is closed. Not every browser can; then it goes when the page is
      looked at next. */
  async function syncLater(tag) {
    try {
      const registration = await navigator.serviceWorker.ready;
      await registration.sync.register(tag);
    } catch {
      return;
    }
  }

  self.device = { within, ask, alone, news, syncLater };
})();
