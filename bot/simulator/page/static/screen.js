// Draws what the state says. `act` holds what a person can do: onSelect, onCommand, onPress, onEdit, onKey.

import { setup, texts } from "./api.js";
import { byId, chats, current, grouped, state } from "./state.js";
import { kindOf } from "./groups.js";
import { bubble, element, icon } from "./view.js";

let act = {};
let typingTimer = 0;
let toastTimer = 0;

export function prepareScreen(handlers) {
  act = handlers;
}

export function drawPeople() {
  const list = byId("people");
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.id : undefined;
  list.replaceChildren(...[...chats.values()].map(personItem), element("li", {}, addButton()));
  if (focused) list.querySelector(`[data-id="${focused}"]`)?.focus();
}

function personItem(chat, number) {
  const { person } = chat;
  const avatar = element("span", { className: `avatar tone${number % 5}` }, person.first_name.split(" ").at(-1)[0].toUpperCase());
  avatar.setAttribute("aria-hidden", "true");
  const language = element("small", {}, kindOf(person));
  const name = element("span", { className: "name" }, person.first_name, language);
  const button = element("button", { type: "button", className: "person" }, avatar, name);
  button.dataset.id = String(person.id);
  if (person.id === state.current) button.setAttribute("aria-current", "true");
  if (chat.unread) {
    const words = element("span", { className: "hidden" }, ` ${texts.unread}`);
    button.append(element("span", { className: "badge" }, String(chat.unread), words));
  }
  button.addEventListener("click", () => act.onSelect(person.id));
  return element("li", {}, button);
}

function addButton() {
  const name = element("span", { className: "name" }, texts.add_person);
  const plus = element("span", { className: "avatar" }, icon("plus"));
  const button = element("button", { type: "button", className: "person add", title: texts.add_person }, plus, name);
  button.addEventListener("click", () => byId("new-person").showModal());
  return button;
}

/** Replaces only what changed, so that focus and screen readers stay where they are. */
export function drawMessages() {
  const list = byId("messages");
  const shown = new Map([...list.children].map((item) => [item.dataset.key, item]));
  let previous = null;
  for (const group of grouped(current())) {
    const known = shown.get(group.key);
    shown.delete(group.key);
    const item = known?.dataset.shape === group.shape ? known : drawnGroup(group);
    if (!known) {
      if (previous) previous.after(item);
      else list.prepend(item);
    } else if (known !== item) {
      const hadFocus = known.contains(document.activeElement);
      known.replaceWith(item);
      if (hadFocus) (item.querySelector(".buttons button") || byId("input")).focus();
    }
    previous = item;
  }
  for (const item of shown.values()) item.remove();
}

function drawnGroup({ key, shape, messages }) {
  const item = bubble(messages, act);
  Object.assign(item.dataset, { key, shape });
  return item;
}

/** Everything around the messages. */
export function drawState() {
  const chat = current();
  const isFresh = !chat.started && !chat.messages.size;
  byId("empty").hidden = chat.blocked || !(isFresh || setup.start);
  byId("description").textContent = chat.description || texts.empty;
  byId("composer").hidden = chat.blocked;
  byId("blocked").hidden = !chat.blocked;
  byId("block").setAttribute("aria-pressed", String(chat.blocked));
  byId("block").title = chat.blocked ? texts.unblock : texts.block;
  drawKeys(chat);
  drawCommands(chat);
  drawStatus();
}

function drawKeys(chat) {
  const rows = chat.blocked ? [] : chat.keyboard?.keyboard || [];
  drawIfNew(byId("keys"), rows, () => rows.map((row) => element("div", { className: "row" }, ...row.map(replyKey))));
  byId("keys").hidden = !rows.length;
  byId("input").placeholder = chat.keyboard?.input_field_placeholder || texts.input;
}

function replyKey(key) {
  const button = element("button", { type: "button" }, key.text);
  button.addEventListener("click", () => act.onKey(key));
  return button;
}

function drawCommands(chat) {
  const menu = byId("commands");
  const entry = ({ command, description }) => {
    const words = [element("b", {}, `/${command}`), element("span", {}, description)];
    const button = element("button", { type: "button" }, ...words);
    button.addEventListener("click", () => {
      menu.hidePopover();
      act.onCommand(`/${command}`);
    });
    return button;
  };
  drawIfNew(menu, chat.commands, () =>
    chat.commands.length ? chat.commands.map(entry) : [element("p", {}, texts.no_commands)],
  );
}

/** Leaves what is already shown alone: replacing a focused button would lose the focus. */
function drawIfNew(box, content, build) {
  const shape = JSON.stringify(content);
  if (box.dataset.shape === shape) return;
  box.dataset.shape = shape;
  box.replaceChildren(...build());
}

export function drawStatus() {
  const { typing } = current();
  let [words, className] = typing ? [typing, "typing"] : [texts.online, ""];
  if (!state.isListening) [words, className] = [texts.offline, "away"];
  if (!state.isConnected) [words, className] = [texts.reconnecting, "away"];
  const status = byId("status");
  status.className = className;
  if (status.textContent !== words) status.textContent = words;
}

/** Telegram shows an action for five seconds or until the bot's next message. */
export function drawTyping(action, hasAnswer) {
  const chat = current();
  if (action) chat.typing = action.startsWith("upload") ? texts.uploading : texts.typing;
  else if (hasAnswer) chat.typing = "";
  clearTimeout(typingTimer);
  typingTimer = setTimeout(() => {
    chat.typing = "";
    drawStatus();
  }, 5000);
  drawStatus();
}

export function isAtEnd() {
  const scroll = byId("scroll");
  return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;
}

export function toEnd() {
  byId("scroll").scrollTop = byId("scroll").scrollHeight;
}

export function toast(words) {
  const box = byId("toast");
  box.textContent = words;
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (box.hidden = true), 4000);
}

export function alertBox(words) {
  byId("alert-text").textContent = words;
  byId("alert").showModal();
}
