// What field mode shows, from what the phone keeps. Pure: data in, elements out; what a press does is field.js.

(function () {
  "use strict";

  const root = document.getElementById("field");
  const setup = JSON.parse(root.dataset.setup);
  const lang = document.documentElement.lang;

  /** The words of a key, filled. */
  const say = (key, values = {}) => setup.words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

  /** An element: attributes by name, functions as listeners, text and elements as children. */
  function el(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (typeof value === "function") made.addEventListener(key, value);
      else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== ""));
    return made;
  }

  // ---------------------------------------------------------------- words for figures

  const figure = (value, unit, unitDisplay, digits = 0) => new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay, maximumFractionDigits: digits }).format(value);
  const unit = (value, of) => figure(value, of, "long");
  function span(milliseconds) {
    const minutes = Math.max(1, Math.round(Math.abs(milliseconds) / 60000));
    if (minutes < 60) return unit(minutes, "minute");
    return minutes < 48 * 60 ? unit(Math.round(minutes / 60), "hour") : unit(Math.round(minutes / 1440), "day");
  }

  const two = (number) => String(number).padStart(2, "0");
  function moment(at) {
    // Vietnam's time, whatever the phone's clock is set to; it has no summer time.
    const there = new Date(new Date(at).getTime() + 7 * 3600000);
    return `${two(there.getUTCDate())}/${two(there.getUTCMonth() + 1)}/${there.getUTCFullYear()} ${two(there.getUTCHours())}:${two(there.getUTCMinutes())}`;
  }

  /** The deadline with a sign, so that it is not told by its colour alone. */
  function due(card, now) {
    if (card.paused) return el("span", { class: "due" }, `‖ ${say("paused")}`);
    const left = new Date(card.due_at) - now;
    const words = left < 0 ? `⚠ ${say("overdue", { time: span(left) })}` : `◷ ${say("left", { time: span(left) })}`;
    return el("span", { class: left < 0 ? "due late" : left < 8 * 3600000 ? "due soon" : "due" }, words);
  }

  function metres(here, card) {
    if (!here || card.lat === null) return null;
    const rad = Math.PI / 180;
    const x = (card.lon - here.lon) * rad * Math.cos(((card.lat + here.lat) / 2) * rad);
    return Math.hypot(x, (card.lat - here.lat) * rad) * 6371000;
  }
  const far = (distance) => (distance < 1000 ? figure(Math.round(distance / 10) * 10, "meter", "short") : figure(distance / 1000, "kilometer", "short", 1));

  // ---------------------------------------------------------------- the list

  const photoOf = (card, photo) => `/console/field/photos/${card.code}/${photo.photo_id}`;
  const place = (card) => [card.address, card.commune].filter(Boolean).join(", ") || say("no_place");

  function tags(card, waiting) {
    const shown = [
      waiting.length ? ["warm", `⇪ ${say("waits")}`] : null,
      card.directed ? ["warm", `★ ${say("directed")}`] : null,
      card.urgency === "urgent" ? ["bad", `! ${say("urgent")}`] : null,
      card.mine ? ["good", say("is_mine")] : null,
    ];
    return shown.filter(Boolean).map(([kind, words]) => el("span", { class: `tag ${kind}` }, words));
  }

  function entry(card, { here, now, waiting }) {
    const distance = metres(here, card);
    const first = card.photos.find((photo) => photo.stage !== "after") || card.photos[0];
    return el(
      "li",
      {},
      el(
        "a",
        { class: "entry", href: `#${card.code}` },
        first ? el("img", { src: photoOf(card, first), alt: "", width: 76, height: 76, loading: "lazy" }) : el("span", { class: "no-photo", "aria-hidden": "true" }, card.icon || "📍"),
        el(
          "span",
          { class: "what" },
          el("strong", {}, card.category),
          el("span", { class: "where" }, place(card)),
          el("span", { class: "facts-line" }, due(card, now), distance === null ? "" : el("span", {}, `➤ ${far(distance)}`), ...tags(card, waiting)),
        ),
      ),
    );
  }

  // ---------------------------------------------------------------- a case

  /** How this phone opens the way there: Apple's has an address scheme of its own. */
  function way(card) {
    const at = `${card.lat},${card.lon}`;
    const label = encodeURIComponent(card.code);
    return /iPhone|iPad/.test(navigator.userAgent) ? `maps://?q=${label}&ll=${at}` : `geo:${at}?q=${at}(${label})`;
  }

  function file(card, { here, now, waiting, acts, onAct, onBack }) {
    const distance = metres(here, card);
    const pictures = card.photos.map((photo) => el("img", { src: photoOf(card, photo), alt: say(`photo_${photo.stage}`), loading: "lazy" }));
    return [
      el("p", {}, el("a", { href: "#", class: "back", click: onBack }, `‹ ${say("back")}`)),
      el("h1", { id: "case-title", tabindex: "-1" }, `${card.icon} ${card.category}`.trim()),
      el("p", { class: "facts-line" }, el("code", {}, card.code), el("span", { class: "tag good" }, card.status_word), ...tags(card, waiting)),
      el("p", { class: "facts-line" }, due(card, now), el("span", { class: "soft" }, say("due_at", { time: moment(card.due_at) }))),
      pictures.length ? el("div", { class: "pictures", tabindex: "0", role: "group", "aria-label": say("photos") }, ...pictures) : el("p", { class: "soft" }, say("no_photos")),
      el("p", { class: "words" }, card.text),
      el(
        "dl",
        {},
        ...card.answers.flatMap((one) => [el("dt", {}, one.question), el("dd", {}, one.answer)]),
        el("dt", {}, say("place")),
        el("dd", {}, place(card), card.approximate ? ` (${say("approximate")})` : "", distance === null ? "" : ` – ${far(distance)}`),
        el("dt", {}, say("handled_by")),
        el("dd", {}, [card.assignee || say("nobody"), card.agency].join(" – ")),
      ),
      el(
        "p",
        { class: "ways" },
        card.lat === null ? "" : el("a", { class: "button", href: way(card) }, `➤ ${say("way")}`),
        el("a", { class: "button", href: `/console/reports/${card.code}` }, say("whole_case")),
      ),
      el("h2", {}, say("acts")),
      acts.length
        ? el("div", { class: "acts" }, ...acts.map((act, number) => actButton(card, act, number === 0, onAct)))
        : el("p", { class: "empty" }, say("no_acts")),
    ];
  }

  const actButton = (card, act, isFirst, onAct) => el("button", { type: "button", class: isFirst ? "primary" : null, "data-act": act, click: () => onAct(act) }, say(`act_${act}`));

  /** The form of an act that needs words or a photo, where its button was. */
  function actForm(card, kind, { typed, onType, onSend, onCancel }) {
    const needs = new Set(kind.needs);
    const takesPhoto = needs.has("proof") || kind.act === "progress";
    const text = el("textarea", { id: "words", rows: 4, maxlength: 4000, required: needs.has("text"), input: () => onType(text.value) });
    text.value = typed;
    const photo = el("input", { id: "photo", type: "file", accept: "image/*", capture: "environment", required: needs.has("proof"), "aria-describedby": "photo-hint" });
    const wrong = el("p", { class: "wrong", role: "alert", hidden: true });
    return el(
      "form",
      {
        class: "card act-form",
        novalidate: true,
        submit: (event) => {
          event.preventDefault();
          const missing = text.value.trim() || !needs.has("text") ? (needs.has("proof") && !photo.files.length ? "needs_photo" : "") : "needs_words";
          wrong.hidden = !missing;
          if (!missing) return onSend(text.value.trim(), [...photo.files]);
          wrong.textContent = say(missing);
          (missing === "needs_photo" ? photo : text).focus();
        },
      },
      el("h3", {}, say(`act_${kind.act}`)),
      el("p", { class: "hint" }, say(`act_${kind.act}_says`)),
      el("label", { for: "words" }, say("words")),
      text,
      takesPhoto ? el("label", { for: "photo" }, say("photo")) : "",
      takesPhoto ? el("p", { class: "hint", id: "photo-hint" }, say(needs.has("proof") ? "photo_must" : "photo_may")) : "",
      takesPhoto ? photo : "",
      wrong,
      el("div", { class: "beside" }, el("button", { class: "primary" }, say("send")), el("button", { type: "button", click: onCancel }, say("cancel"))),
    );
  }

  // ---------------------------------------------------------------- what was not sent yet

  function unsent(item, { onAgain, onDiscard }) {
    const head = el("p", {}, el("strong", {}, say(`act_${item.act}`)), " – ", el("a", { href: `#${item.code}` }, item.label));
    const kept = item.photos.length ? el("p", { class: "soft small" }, say("with_photos", { count: item.photos.length })) : "";
    if (item.state === "waiting") {
      return el("li", { class: "waiting" }, head, item.text ? el("p", { class: "soft" }, item.text) : "", kept, el("p", { class: "small" }, `⇪ ${say("waits_long")}`));
    }
    const id = `mend-${item.key}`;
    const text = el("textarea", { id, rows: 3, maxlength: 4000 });
    text.value = item.text;
    const now = item.card ? say("is_now", { status: item.card.status_word }) : item.status === 409 || item.status === 404 ? say("is_gone") : "";
    return el(
      "li",
      { class: "refused" },
      head,
      el("p", { class: "wrong" }, `⚠ ${say("refused")}: ${item.problems.join(" ")}`),
      now ? el("p", {}, now) : "",
      el("label", { for: id }, say("words_kept")),
      text,
      kept,
      el(
        "div",
        { class: "beside" },
        el("button", { type: "button", class: "primary", click: () => onAgain(text.value.trim()) }, say("again")),
        el("button", { type: "button", click: () => onDiscard() }, say("discard")),
      ),
    );
  }

  self.fieldViews = { root, setup, say, el, moment, metres, entry, file, actForm, unsent, place };
})();
