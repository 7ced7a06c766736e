// Messages as DOM. Nothing a person or the bot wrote ever becomes markup.

import { can, setup, texts } from "./api.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};
const clock = new Intl.DateTimeFormat("vi-VN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" });

export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Text with its entities; offsets are UTF-16 units, as JavaScript counts too. */
export function richText(text, entities, onCommand) {
  const root = document.createDocumentFragment();
  const open = [{ node: root, end: text.length }];
  let at = 0;
  const writeTo = (end) => {
    while (at < end) {
      const top = open.at(-1);
      const stop = Math.min(end, top.end);
      top.node.append(text.slice(at, stop));
      at = stop;
      while (open.length > 1 && open.at(-1).end <= at) open.pop();
    }
  };
  for (const entity of entities || addresses(text)) {
    writeTo(entity.offset);
    const end = Math.min(entity.offset + entity.length, open.at(-1).end);
    const node = entityNode(entity, text.slice(entity.offset, end), onCommand);
    if (!node || end <= at) continue;
    open.at(-1).node.append(node);
    open.push({ node, end });
  }
  writeTo(text.length);
  return root;
}

/** Addresses in words without entities, as on Zalo, which finds them by itself. */
function addresses(text) {
  return [...text.matchAll(/https?:\/\/\S+/g)].map((found) => ({
    type: "url",
    offset: found.index,
    length: found[0].length,
  }));
}

function entityNode(entity, words, onCommand) {
  if (entity.type in TAGS) return element(TAGS[entity.type]);
  if (entity.type === "spoiler") {
    const hidden = element("button", { type: "button", className: "spoiler" });
    hidden.addEventListener("click", () => hidden.classList.add("shown"));
    return hidden;
  }
  if (entity.type === "bot_command" && can("commands")) {
    const button = element("button", { type: "button", className: "link" });
    button.addEventListener("click", () => onCommand(words));
    return button;
  }
  if (entity.type === "url" || entity.type === "text_link") return link(entity.url || words, onCommand);
  if (entity.type === "email") return element("a", { href: `mailto:${words}` });
  return null;
}

/** A link; one that starts this very bot is a command, as in Telegram. */
function link(address, onCommand) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (url.hostname === "t.me" && url.pathname === `/${setup.bot.username}` && url.searchParams.has("start")) {
    const button = element("button", { type: "button", className: "link" });
    button.addEventListener("click", () => onCommand(`/start ${url.searchParams.get("start")}`));
    return button;
  }
  if (!["http:", "https:"].includes(url.protocol)) return null;
  return element("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" });
}

/** One bubble: a message, or the messages of an album. `act` has onCommand, onPress, onEdit, onReply, isGroup. */
export function bubble(messages, act) {
  const [first] = messages;
  const last = messages.at(-1);
  const isOwn = !first.from.is_bot;
  const body = element("div", { className: "bubble" });
  if (isOwn && act.isGroup()) body.append(element("b", { className: "sender" }, first.from.first_name));
  if (first.reply_to_message) body.append(quote(first.reply_to_message));
  if (first.photo) body.append(photos(messages));
  else for (const message of messages) body.append(...attachments(message));
  const worded = messages.find((message) => message.text || message.caption);
  if (worded) {
    const entities = worded.entities || worded.caption_entities;
    body.append(element("p", {}, richText(worded.text || worded.caption, entities, act.onCommand)));
  }
  const foot = element("span", { className: "foot" });
  if (can("edit") && isOwn && worded && !worded.text?.startsWith("/")) {
    const edit = element("button", { type: "button", className: "icon edit", title: texts.edit }, icon("edit"));
    edit.setAttribute("aria-label", texts.edit);
    edit.addEventListener("click", () => act.onEdit(worded));
    foot.append(edit);
  }
  if (!isOwn && act.isGroup()) foot.append(replyButton(last, act.onReply));
  const time = element("time", { dateTime: new Date(last.date * 1000).toISOString() }, clock.format(last.date * 1000));
  foot.append(messages.some((message) => message.edit_date) ? `${texts.edited} ` : "", time);
  body.append(foot);
  const item = element("li", { className: isOwn ? "own" : "bot" }, body);
  if (last.reply_markup) item.append(inlineKeyboard(last, act.onPress));
  return item;
}

/** In a group words reach a bot that minds its own business only as a reply to one of its messages. */
function replyButton(message, onReply) {
  const reply = element("button", { type: "button", className: "link reply" }, texts.reply);
  reply.addEventListener("click", () => onReply(message));
  return reply;
}

function quote(message) {
  const words = message.text || message.caption || (message.photo ? texts.photo : texts.place);
  return element("p", { className: "quote" }, words.length > 80 ? `${words.slice(0, 80)}…` : words);
}

function photos(messages) {
  const grid = element("div", { className: messages.length > 1 ? "photos many" : "photos" });
  for (const message of messages) {
    const shown = message.photo.find((size) => Math.max(size.width, size.height) >= 800) || message.photo.at(-1);
    const image = element("img", {
      src: `${setup.base}/files/${shown.file_id}`, width: shown.width, height: shown.height,
      alt: message.caption || texts.photo,
    });
    const large = { href: `${setup.base}/files/${message.photo.at(-1).file_id}`, target: "_blank", rel: "noopener" };
    grid.append(element("a", large, image));
  }
  return grid;
}

function attachments(message) {
  const source = (file) => `${setup.base}/files/${file.file_id}`;
  if (message.venue || message.location) return [placeCard(message)];
  if (message.voice) {
    return [element("audio", { controls: true, preload: "metadata", src: source(message.voice), title: texts.voice })];
  }
  if (message.video) return [element("video", { controls: true, src: source(message.video), title: texts.video })];
  if (message.document) {
    const { file_name: name, file_size: size } = message.document;
    const label = element("span", {}, name || texts.document, element("small", {}, kilobytes(size)));
    const properties = { className: "card", href: source(message.document), download: name || "" };
    return [element("a", properties, icon("file"), label)];
  }
  if (message.contact) {
    const { first_name: name, phone_number: number } = message.contact;
    const label = element("span", {}, name, element("small", {}, number));
    return [element("div", { className: "card" }, icon("person"), label)];
  }
  if (message.migrate_to_chat_id || message.migrate_from_chat_id) return [element("p", { className: "service" }, "→")];
  if (message.new_chat_members) return [element("p", { className: "service" }, "+")];
  return [];
}

function placeCard(message) {
  const { latitude, longitude, live_period: live } = message.location;
  const point = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
  const words = element("span", { className: "words" });
  if (message.venue) words.append(element("b", {}, message.venue.title), element("small", {}, message.venue.address));
  else if (live) words.append(element("b", {}, texts.live_place));
  words.append(element("small", {}, point));
  return element("div", { className: "place" }, element("div", { className: "map" }, icon("pin")), words);
}

function inlineKeyboard(message, onPress) {
  const keyboard = element("div", { className: "buttons" });
  for (const row of message.reply_markup.inline_keyboard) {
    const line = element("div", { className: "row" });
    for (const button of row) {
      const key = element("button", { type: "button" }, button.text, button.callback_data ? "" : " ↗");
      key.addEventListener("click", () => onPress(message, button, key));
      line.append(key);
    }
    keyboard.append(line);
  }
  return keyboard;
}

function kilobytes(size) {
  return size < 1e6 ? `${Math.max(1, Math.round(size / 1e3))} KB` : `${(size / 1e6).toFixed(1)} MB`;
}
