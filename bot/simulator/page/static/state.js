// What the page knows: the people, their chats, who is on screen.

export const byId = (id) => document.getElementById(id);

export const chats = new Map(); // person's id -> Chat

export const state = {
  current: 0, // whose chat is on screen
  isConnected: true, // to the simulator
  isListening: true, // the bot, to the simulator
  isCaughtUp: false, // the stream has told what was there before; from now on messages are news
  mode: null, // {edit: message} or {reply: message}
};

export const current = () => chats.get(state.current);

class Chat {
  constructor(person) {
    Object.assign(this, { person, messages: new Map(), unread: 0, draft: "", typing: "" });
    Object.assign(this, { started: false, blocked: false, keyboard: null, commands: [], description: "" });
  }
}

export function addPerson(person) {
  if (!chats.has(person.id)) chats.set(person.id, new Chat(person));
}

/** Messages in order, those of an album together: [{key, shape, messages}]; the shape changes with any of them. */
export function grouped(chat) {
  const groups = new Map();
  for (const message of [...chat.messages.values()].sort((a, b) => a.message_id - b.message_id)) {
    const key = message.media_group_id ? `g${message.media_group_id}` : `m${message.message_id}`;
    groups.set(key, [...(groups.get(key) || []), message]);
  }
  return [...groups].map(([key, messages]) => {
    const shape = messages.map((message) => `${message.message_id}.${message.version}`).join(" ");
    return { key, shape, messages };
  });
}
