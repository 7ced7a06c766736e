// Reports on their way, kept on the device until the server has them. Used by the sending page and by its service worker.
//
// An item is {key, state, at, fields, photos, ticket, problems, code, page, unusable}. `state` is "draft" while somebody
// writes; "waiting" from when they pressed send; "refused" with the server's words, for a person to mend or discard; "sent"
// with the report's code and its reporter's page, and without what was in it. The server knows the key, so that sending
// twice does it once. `ticket` is that of the form it was written on; one that is too old is changed for a new one.

(() => {
  "use strict";
  const { within, ask, alone, news } = self.device;
  const ITEMS = ["phananh-outbox", "reports", "key"];
  const TAG = "phananh-outbox";
  const HERE = "/waiting";
  const SOONEST = 3200; // the server takes no ticket that is younger
  const { tell, listen } = news(TAG);

  const all = async () => (await within(ITEMS, "readonly", (store) => store.getAll())).sort((one, other) => one.at - other.at);
  const get = (key) => within(ITEMS, "readonly", (store) => store.get(key));
  const put = (item) => within(ITEMS, "readwrite", (store) => store.put(item));
  const take = (key) => within(ITEMS, "readwrite", (store) => store.delete(key));

  /** Sends what waits, the oldest first. Rejects without signal, or when the server is not well: it stays, for later. */
  const flush = () => alone(TAG, flushAlone);

  async function flushAlone() {
    const tried = new Set();
    for (;;) {
      const item = (await all()).find((one) => one.state === "waiting" && !tried.has(one.key));
      if (!item) return;
      tried.add(item.key);
      await put({ ...item, ...(await outcome(item)) });
      tell(item.key);
    }
  }

  async function outcome(item) {
    let said = await post(item, item.ticket);
    if (said.problems?.some((one) => one.field === "ticket")) said = await post(item, await newTicket());
    if (said.code) return { state: "sent", code: said.code, page: said.page, unusable: said.unusable, fields: {}, photos: [], problems: [] };
    return { state: "refused", problems: said.problems, code: said.before?.code, page: said.before?.page };
  }

  async function newTicket() {
    const answer = await ask(`${HERE}/ticket`, {});
    if (!answer.ok) throw new Error(`ticket ${answer.status}`);
    const { ticket } = await answer.json();
    await new Promise((resolve) => setTimeout(resolve, SOONEST));
    return ticket;
  }

  async function post(item, ticket) {
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...item.fields, key: item.key, ticket })) form.append(name, value);
    for (const photo of item.photos) form.append("photos", new Blob([photo.data], { type: photo.type }), photo.name);
    const answer = await ask(HERE, { method: "POST", body: form, headers: { Accept: "application/json" } }, 120_000);
    const isOurs = (answer.headers.get("Content-Type") || "").startsWith("application/json");
    if (isOurs && answer.status < 500 && answer.status !== 429) {
      const said = await answer.json();
      if (said.code || said.problems) return said;
    }
    throw new Error(`report ${answer.status}`); // a server that is not well, or something in between that is not ours
  }

  self.outbox = { TAG, all, get, put, take, flush, listen };
})();
