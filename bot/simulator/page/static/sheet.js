// The sheet for photos, places, files, voice and the phone number.

import { post, texts } from "./api.js";
import { byId } from "./state.js";

const sheet = byId("attach");
const panels = ["photos", "place", "more"].filter((name) => byId(`tab-${name}`));

/** Wires the sheet. `chat()` is the id of the chat on screen, `prepared(body)` adds who sends it and in reply to what,
 * `onError` gets an Error to show. */
export function prepareSheet({ chat, prepared, onSent, onError }) {
  const send = async (path, body, form) => {
    try {
      await post(`chats/${chat()}/${path}`, prepared(body));
      form?.reset();
      sheet.close();
      onSent();
    } catch (error) {
      onError(error);
    }
  };
  for (const name of panels) {
    byId(`tab-${name}`).addEventListener("click", () => show(name));
  }
  sheet.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = panels.indexOf(event.target.dataset.panel);
    if (step && at >= 0) show(panels[(at + step + panels.length) % panels.length]);
  });
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet || event.target.closest("[data-close]")) sheet.close();
  });

  const photoForm = byId("panel-photos");
  photoForm.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = new FormData(photoForm);
    const samples = given.getAll("sample");
    const files = given.getAll("file").filter((file) => file.size);
    if (!samples.length && !files.length) return onError(new Error(texts.choose_photo));
    const form = new FormData();
    form.set("samples", samples.join(","));
    form.set("caption", given.get("caption"));
    for (const file of files) form.append("file", file);
    return send(`files/${given.get("as_file") ? "document" : "photo"}`, form, photoForm);
  });

  if (byId("panel-place")) preparePlaces(byId("panel-place"), send);
  const fileForm = byId("file-form");
  fileForm.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!fileForm.file.files.length) return onError(new Error(texts.no_file));
    return send("files/document", new FormData(fileForm), fileForm);
  });
  for (const form of [photoForm, fileForm]) {
    const tell = () => {
      form.querySelector("output").textContent = [...form.file.files].map((file) => file.name).join(", ");
    };
    form.file.addEventListener("change", tell);
    form.addEventListener("reset", () => setTimeout(tell));
  }
  byId("contact")?.addEventListener("click", () => send("contact", {}));
  prepareRecorder(send, onError);
}

export function openSheet(name) {
  show(name);
  if (!sheet.open) sheet.showModal();
}

function show(name) {
  for (const panel of panels) {
    const isShown = panel === name;
    byId(`panel-${panel}`).hidden = !isShown;
    byId(`tab-${panel}`).setAttribute("aria-selected", String(isShown));
    byId(`tab-${panel}`).tabIndex = isShown ? 0 : -1;
    if (isShown && sheet.open) byId(`tab-${panel}`).focus();
  }
}

function preparePlaces(placeForm, send) {
  placeForm.addEventListener("change", ({ target }) => {
    if (target.name !== "place") return;
    placeForm.latitude.value = target.dataset.latitude;
    placeForm.longitude.value = target.dataset.longitude;
  });
  placeForm.addEventListener("submit", (event) => {
    event.preventDefault();
    const number = (name) => Number(placeForm[name].value.trim().replace(",", "."));
    const body = { latitude: number("latitude"), longitude: number("longitude") };
    const known = placeForm.querySelector("[name=place]:checked");
    if (placeForm.venue?.checked && known) {
      return send("venue", { ...body, title: known.dataset.title, address: known.dataset.address }, placeForm);
    }
    return send("location", placeForm.live?.checked ? { ...body, live_period: 900 } : body, placeForm);
  });
}

function prepareRecorder(send, onError) {
  const button = byId("record");
  let recorder = null;
  button.addEventListener("click", async () => {
    if (recorder) return recorder.stop();
    try {
      const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
      const parts = [];
      const began = Date.now();
      recorder = new MediaRecorder(microphone);
      recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
      recorder.addEventListener("stop", () => {
        microphone.getTracks().forEach((track) => track.stop());
        const form = new FormData();
        form.append("file", new File(parts, "voice.oga", { type: recorder.mimeType.split(";")[0] }));
        form.set("duration", String(Math.max(1, Math.round((Date.now() - began) / 1000))));
        recorder = null;
        button.textContent = texts.record;
        send("files/voice", form);
      });
      recorder.start();
      button.textContent = texts.stop_recording;
    } catch {
      recorder = null;
      onError(new Error(texts.no_microphone));
    }
    return undefined;
  });
}
