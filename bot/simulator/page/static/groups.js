// Groups on the page: who of the members speaks, and what looks different there.

import { setup, texts } from "./api.js";
import { byId, current } from "./state.js";

export const isGroup = (chat = current()) => Boolean(chat?.person.members);
const staff = new Set(setup.groups.flatMap((group) => group.members.map((member) => member.id)));

/** The list: citizens, groups, and last the staff who speak in them. */
export function everybody() {
  const groups = setup.groups.map((group) => ({ ...group, sender: group.members[0].id }));
  const [officers, citizens] = [true, false].map((is) => setup.people.filter(({ id }) => staff.has(id) === is));
  return [...citizens, ...groups, ...officers];
}

/** What stands under a name in the list. */
export function kindOf(person) {
  if (person.members) return texts.group;
  if (staff.has(person.id)) return texts.officer;
  return person.language_code === "en" ? "English" : "Tiếng Việt";
}

/** A request's body (JSON or a form) with who says it, where several could. */
export function said(body) {
  if (!isGroup()) return body;
  const { sender } = current().person;
  if (!(body instanceof FormData)) return { ...body, sender };
  body.set("sender", sender);
  return body;
}

/** The head of the chat, and the choice of who speaks. */
export function drawGroup() {
  const { person } = current();
  const box = byId("as");
  box.hidden = !isGroup();
  byId("block").hidden = isGroup();
  byId("chat-name").textContent = isGroup() ? person.first_name : setup.bot.first_name;
  if (!isGroup()) return;
  const list = box.querySelector("select");
  list.replaceChildren(...person.members.map((member) => {
    const name = [member.last_name, member.first_name].filter(Boolean).join(" ");
    return new Option(name, member.id, false, member.id === person.sender);
  }));
  list.onchange = () => {
    person.sender = Number(list.value);
  };
}
