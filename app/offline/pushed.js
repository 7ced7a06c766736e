// What a service worker does with Web Push: shows what comes, opens what it leads to, subscribes anew when the browser asks
// for it. Before this stands SETUP.push: {key, where, icon, unread}; a worker whose server wants a token to be told something
// gives it by `pushed.more`. Gives `pushed`: {renew, more}.

(() => {
  "use strict";
  const { key, where, icon, unread } = SETUP.push;

  function read(data) {
    try {
      return data.json().notification;
    } catch {
      return unread; // nothing in it, or not for us: a browser wants something shown all the same
    }
  }

  self.addEventListener("push", (event) => {
    const { title, body, lang, navigate, tag } = read(event.data);
    event.waitUntil(registration.showNotification(title, { body, lang, tag, icon, renotify: true, data: { navigate } }));
  });

  self.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(open(new URL(event.notification.data.navigate, location.origin).pathname));
  });

  /** In the tab that has it open already, as it is now; else in a new one. */
  async function open(path) {
    const tabs = await clients.matchAll({ type: "window", includeUncontrolled: true });
    const tab = tabs.find(({ url }) => new URL(url).pathname === path);
    if (!tab) return clients.openWindow(path);
    await tab.focus();
    return tab.navigate(path).catch(() => null); // a tab that is not this worker's shows what it showed
  }

  self.addEventListener("pushsubscriptionchange", (event) => {
    event.waitUntil(pushing.subscribe(registration, key).then(register));
  });

  const register = async (subscription) => pushing.register(where, subscription, await self.pushed.more());

  /** Tells the server, where this browser is to be told at all, what it has sent meanwhile. */
  async function renew() {
    const subscription = await pushing.current(registration);
    if (subscription) await register(subscription);
  }

  self.pushed = { renew, more: () => ({}) };
})();
