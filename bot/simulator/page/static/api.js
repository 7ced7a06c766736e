// Talking to the simulator: one stream in, small requests out.

export const setup = JSON.parse(document.getElementById("setup").textContent);
export const texts = setup.texts;
export const can = (what) => setup.can.includes(what);

// Telegram's refusals that a person can do something about; others are shown as they are.
const REFUSALS = [
  [/IMAGE_PROCESS_FAILED|PHOTO_INVALID/, texts.bad_photo],
  [/Too Large/, texts.too_large],
  [/wrong coordinates/, texts.wrong_place],
];

/** Sends JSON, or a form's files as they are. Throws an Error whose message can be shown. */
export async function post(path, body) {
  const isForm = body instanceof FormData;
  const request = {
    method: "POST",
    headers: isForm ? {} : { "Content-Type": "application/json" },
    body: isForm ? body : JSON.stringify(body),
  };
  const response = await fetch(`${setup.base}/${path}`, request).catch(() => {
    throw new Error(texts.no_server);
  });
  const answer = await response.json();
  if (response.ok) return answer;
  const known = REFUSALS.find(([pattern]) => pattern.test(answer.description));
  throw new Error(known ? known[1] : answer.description);
}

/** Changes of all chats, live. The browser reconnects by itself and says where it was. */
export function listen({ onChanges, onBot, onLost }) {
  const stream = new EventSource(`${setup.base}/events`);
  stream.addEventListener("changes", (event) => onChanges(JSON.parse(event.data)));
  stream.addEventListener("bot", (event) => onBot(JSON.parse(event.data).listening));
  stream.addEventListener("reset", () => location.reload()); // another run: its chats are empty
  stream.addEventListener("error", onLost);
  window.addEventListener("pagehide", () => stream.close());
}
