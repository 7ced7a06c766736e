// Boxes over faces and plates: drawn on the photo, or typed as numbers; the numbers are what is sent.

const SIDES = ["x", "y", "w", "h"];
const LEAST = 1; // per cent; anything smaller was a click

function number(input) {
  const value = Number.parseFloat(input.value.replace(",", "."));
  return Number.isFinite(value) ? value : null;
}

function written(value) {
  return String(Math.round(value * 100) / 100);
}

class Photo {
  constructor(place) {
    this.place = place;
    this.ground = place.querySelector("[data-ground]");
    this.svg = place.querySelector("svg");
    this.list = place.querySelector("[data-boxes]");
    this.blank = place.querySelector("template");
    this.count = place.querySelector("[data-count]");
    this.draws = place.querySelector("[data-draw]");
    this.start = null;
    for (const row of this.rows()) this.ready(row);
    for (const row of this.rows()) if (row.every((input) => !input.value)) row[0].closest("[data-box]").remove();
    place.querySelector("[data-tools]").hidden = false;
    this.draws.addEventListener("click", () => this.drawing(this.draws.getAttribute("aria-pressed") !== "true"));
    place.querySelector("[data-add]").addEventListener("click", () => this.add([40, 40, 20, 20])?.[0].focus());
    place.querySelector("[data-undo]").addEventListener("click", () => this.undo());
    this.ground.addEventListener("pointerdown", (event) => this.down(event));
    this.ground.addEventListener("pointermove", (event) => this.move(event));
    this.ground.addEventListener("pointerup", (event) => this.up(event));
    this.ground.addEventListener("pointercancel", () => this.drop());
    this.show();
  }

  rows() {
    return [...this.list.querySelectorAll("[data-box]")].map((row) =>
      SIDES.map((side) => row.querySelector(`[data-side="${side}"]`)),
    );
  }

  ready(row) {
    const place = row[0].closest("[data-box]");
    for (const input of row) {
      input.addEventListener("input", () => this.show());
      input.addEventListener("focus", () => this.show(place));
      input.addEventListener("blur", () => this.show());
      input.addEventListener("keydown", (event) => this.step(event, input));
    }
    const remove = place.querySelector("[data-remove]");
    remove.hidden = false;
    remove.addEventListener("click", () => {
      place.remove();
      this.show();
      this.place.querySelector("[data-add]").focus();
    });
  }

  // Arrow keys move a side by one per cent, with Shift by a tenth.
  step(event, input) {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const value = (number(input) ?? 0) + way * (event.shiftKey ? 0.1 : 1);
    input.value = written(Math.min(100, Math.max(0, value)));
    this.show(input.closest("[data-box]"));
  }

  add(values) {
    if (this.rows().length >= Number(this.place.dataset.most)) return null;
    this.list.append(this.blank.content.cloneNode(true));
    const row = this.rows().at(-1);
    row.forEach((input, index) => (input.value = written(values[index])));
    this.ready(row);
    this.place.querySelector("details").open = true;
    this.show();
    return row;
  }

  undo() {
    this.list.lastElementChild?.remove();
    this.show();
  }

  drawing(on) {
    this.draws.setAttribute("aria-pressed", String(on));
    this.ground.classList.toggle("drawing", on);
  }

  at(event) {
    const frame = this.ground.getBoundingClientRect();
    const part = (value, from, length) => Math.min(100, Math.max(0, (100 * (value - from)) / length));
    return [part(event.clientX, frame.left, frame.width), part(event.clientY, frame.top, frame.height)];
  }

  // A finger scrolls the page unless drawing was switched on; a mouse always draws.
  down(event) {
    if (event.button || (event.pointerType === "touch" && !this.ground.classList.contains("drawing"))) return;
    event.preventDefault();
    this.ground.setPointerCapture(event.pointerId);
    this.start = this.at(event);
    this.sketch = this.rect([...this.start, 0, 0]);
  }

  move(event) {
    if (!this.start) return;
    const [x, y, w, h] = this.between(this.at(event));
    for (const [name, value] of Object.entries({ x, y, width: w, height: h })) this.sketch.setAttribute(name, value);
  }

  up(event) {
    if (!this.start) return;
    const box = this.between(this.at(event));
    this.drop();
    if (box[2] >= LEAST && box[3] >= LEAST) this.add(box);
  }

  drop() {
    this.start = null;
    this.sketch?.remove();
  }

  between([x, y]) {
    const [left, top] = [Math.min(x, this.start[0]), Math.min(y, this.start[1])];
    return [left, top, Math.abs(x - this.start[0]), Math.abs(y - this.start[1])];
  }

  rect([x, y, width, height]) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ x, y, width, height })) made.setAttribute(name, value);
    this.svg.append(made);
    return made;
  }

  show(chosen = null) {
    this.svg.replaceChildren();
    let drawn = 0;
    for (const row of this.rows()) {
      const values = row.map(number);
      if (values.some((value) => value === null)) continue;
      drawn += 1;
      if (row[0].closest("[data-box]") === chosen) this.rect(values).classList.add("chosen");
      else this.rect(values);
    }
    this.count.textContent = drawn ? this.count.dataset.words.replace("COUNT", drawn) : "";
  }
}

for (const place of document.querySelectorAll("[data-photo]")) new Photo(place);
