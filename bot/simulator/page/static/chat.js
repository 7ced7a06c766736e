// The chat page: what comes from the simulator, and what the person on screen does.

import { can, listen, post, setup, texts } from "./api.js";
import { drawGroup, everybody, isGroup, said } from "./groups.js";
import { alertBox, drawMessages, drawPeople, drawState, drawStatus, drawTyping } from "./screen.js";
import { isAtEnd, prepareScreen, toEnd, toast } from "./screen.js";
import { openSheet, prepareSheet } from "./sheet.js";
import { addPerson, byId, chats, current, state } from "./state.js";
import { element } from "./view.js";

const input = byId("input");
const pressed = new Map(); // callback query id -> the key that was pressed
const answers = new Map(); // callback query id -> the bot's answer, which may come before the press returns

// --- what comes in

function onChanges(change) {
  if (change.person) addPerson(change.person); // perhaps made just now, here or in another window
  if (!chats.has(change.chat_id)) return; // a group made by a test: it has no page
  const chat = chats.get(change.chat_id);
  const isShown = change.chat_id === state.current;
  for (const message of change.messages) {
    const isNew = message.from.is_bot && !chat.messages.has(message.message_id);
    if (isNew && state.isCaughtUp && !isShown) chat.unread += 1;
    chat.messages.set(message.message_id, message);
  }
  for (const id of change.deleted) chat.messages.delete(id);
  const { started, blocked, keyboard, commands, description } = change;
  Object.assign(chat, { started, blocked, keyboard, commands, description });
  if (isShown) show(change);
  else drawPeople();
}

function show(change) {
  const isFollowing = isAtEnd() || change.messages.some((message) => !message.from.is_bot && !message.edit_date);
  drawMessages();
  drawState();
  drawTyping(change.action, change.messages.some((message) => message.from.is_bot));
  for (const answer of change.notices) {
    answers.set(answer.query_id, answer);
    settle(answer.query_id);
  }
  answerIfAsked();
  if (isFollowing) toEnd();
}

/** Ends a press once both the key and the bot's answer are known; presses of other windows are not ours. */
function settle(id) {
  const key = pressed.get(id);
  const answer = answers.get(id);
  if (!key || !answer) return;
  pressed.delete(id);
  key.removeAttribute("aria-busy");
  if (answer.show_alert) alertBox(answer.text);
  else if (answer.text) toast(answer.text);
}

/** A force_reply turns the next text into an answer to the bot's last message. */
function answerIfAsked() {
  if (!current().keyboard?.force_reply || state.mode) return;
  const asked = [...current().messages.values()].filter((message) => message.from.is_bot).at(-1);
  if (asked) setMode({ reply: asked });
}

// --- what the person does

async function act(verb, body) {
  try {
    return await post(`chats/${state.current}/${verb}`, said(body));
  } catch (error) {
    failed(error);
    return null;
  }
}

const failed = (error) => toast(`${texts.failed}: ${error.message}`);
const sendText = (text) => act("text", { text });

async function press(message, button, key) {
  if (button.url) return void window.open(button.url, "_blank", "noopener");
  if (button.web_app) {
    const opened = await act("press", { button: button.text, message_id: message.message_id });
    return void (opened && openWebApp(opened.web_app));
  }
  key.setAttribute("aria-busy", "true");
  const answer = await act("press", { button: button.text, message_id: message.message_id });
  if (!answer?.query_id || !can("notices")) return void key.removeAttribute("aria-busy");
  pressed.set(answer.query_id, key);
  settle(answer.query_id);
}

/** A Mini App as Telegram in a browser has it: a frame over the chat, which may ask to be closed. */
function openWebApp(address) {
  const frame = element("iframe", { src: address, allow: "geolocation", title: texts.web_app });
  const box = byId("web-app");
  const hear = (event) => {
    if (event.source !== frame.contentWindow) return;
    if (JSON.parse(event.data).eventType === "web_app_close") box.close();
  };
  window.addEventListener("message", hear);
  box.append(frame);
  const onClose = () => {
    window.removeEventListener("message", hear);
    frame.remove();
  };
  box.addEventListener("close", onClose, { once: true });
  box.showModal();
}

function pressKey(key) {
  if (key.request_location) openSheet("place");
  else act("press", { button: key.text });
}

function setMode(mode) {
  if (state.mode?.edit && !mode) input.value = "";
  state.mode = mode;
  byId("mode").hidden = !mode;
  if (!mode) return;
  const answered = mode.reply?.text || mode.reply?.caption || "";
  const words = mode.edit ? texts.editing : `${texts.replying}: ${answered.slice(0, 60)}`;
  byId("mode").firstElementChild.textContent = words;
  if (mode.edit) input.value = mode.edit.text || mode.edit.caption;
  fitInput();
  input.focus();
}

async function submit(event) {
  event.preventDefault();
  const text = input.value.trim();
  if (!text) return;
  const { edit, reply } = state.mode || {};
  const answer = edit
    ? await act("edit", { message_id: edit.message_id, change: edit.text ? { text } : { caption: text } })
    : await act("text", reply ? { text, reply_to: reply.message_id } : { text });
  if (!answer) return;
  input.value = "";
  setMode(null);
  fitInput();
}

function select(id) {
  if (current()) current().draft = state.mode?.edit ? "" : input.value;
  state.current = id;
  current().unread = 0;
  setMode(null);
  input.value = current().draft;
  fitInput();
  drawPeople();
  byId("messages").replaceChildren();
  drawMessages();
  drawState();
  drawGroup();
  answerIfAsked();
  toEnd();
}

function fitInput() {
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, 132)}px`;
}

// --- wiring

byId("composer").addEventListener("submit", submit);
input.addEventListener("input", fitInput);
input.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  if (event.key === "Escape") setMode(null);
});
byId("mode").querySelector("button").addEventListener("click", () => setMode(null));
byId("start").addEventListener("click", () => {
  const payload = setup.start;
  setup.start = ""; // a deep link is used once
  sendText(payload ? `/start ${payload}` : texts.first_words);
});
byId("block").addEventListener("click", () => act("blocked", { blocked: !current().blocked }));
byId("unblock").addEventListener("click", () => act("blocked", { blocked: false }));
byId("attach-button").addEventListener("click", () => openSheet("photos"));
for (const button of document.querySelectorAll("[data-insert], [data-open]")) {
  button.addEventListener("click", () => {
    if (byId("guide").matches(":popover-open")) byId("guide").hidePopover();
    if (button.dataset.open) return openSheet(button.dataset.open);
    input.value = button.dataset.insert;
    fitInput();
    return input.focus();
  });
}
const newPerson = byId("new-person");
newPerson.querySelector("[data-close]").addEventListener("click", () => newPerson.close());
newPerson.querySelector("form").addEventListener("submit", async ({ target: form }) => {
  try {
    const person = await post("users", Object.fromEntries(new FormData(form)));
    form.reset();
    addPerson(person);
    select(person.id);
  } catch (error) {
    failed(error);
  }
});

prepareScreen({
  onSelect: select,
  onCommand: sendText,
  onPress: press,
  onKey: pressKey,
  onEdit: (message) => setMode({ edit: message }),
  onReply: (message) => setMode({ reply: message }),
  isGroup: () => isGroup(),
});
prepareSheet({
  chat: () => state.current,
  prepared: (body) => {
    const reply = state.mode?.reply?.message_id;
    if (reply && body instanceof FormData) body.set("reply_to", reply);
    return said(body);
  },
  onSent: () => setMode(null),
  onError: failed,
});
everybody().forEach(addPerson);
select(setup.people[0].id);
listen({
  onChanges: (change) => {
    state.isConnected = true;
    onChanges(change);
  },
  onBot: (isListening) => {
    Object.assign(state, { isListening, isConnected: true, isCaughtUp: true });
    drawStatus();
  },
  onLost: () => {
    state.isConnected = false;
    drawStatus();
  },
});
