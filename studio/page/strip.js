// The timeline under the player: cards, shots with thumbnails and crossfades, captions, waveforms, what came from the cache.
import { element, clock } from "./api.js";

const STEPS = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600];

export class Strip {
  constructor({ onSelect, onSeek, onMove, onHold }) {
    Object.assign(this, { onSelect, onSeek, onMove, onHold });
    for (const id of ["ruler", "lanes", "shots", "captions", "parts", "playhead"]) this[id] = document.getElementById(id);
    this.selected = 0;
    this.lanes.addEventListener("click", (event) => {
      if (event.target.closest(".shot")) return;
      const place = this.lanes.getBoundingClientRect();
      if (this.story) this.onSeek((event.clientX - place.left) / place.width * this.story.frames);
    });
    this.shots.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#drawSound()).observe(this.lanes);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#drawSound());
  }

  setStory(story) {
    this.story = story;
    this.#ruler();
    const focused = this.shots.contains(document.activeElement);
    this.shots.replaceChildren(...story.cards.map((card) => this.#card(card)), ...story.shots.map((shot) => this.#shot(shot)));
    this.select(Math.min(this.selected, story.shots.length - 1), { focus: focused });
    if (this.partsGiven && !this.parts.childElementCount) this.setParts(this.partsGiven);
    this.captions.hidden = !story.captions.length;
    this.captions.replaceChildren(...story.captions.map((caption) => this.#placed(element("span", { className: "caption", title: caption.text }, caption.text), caption.start, caption.end)));
  }

  setSound(sound) { this.sound = sound; this.#drawSound(); }

  setParts(parts) {
    this.partsGiven = parts;
    if (!this.story) return;
    const pictures = (parts || []).filter((part) => part.start !== null);
    this.parts.replaceChildren(...pictures.map((part) => {
      const why = part.cached ? "from the cache" : `rendered: ${part.reasons.join("; ")}`;
      return this.#placed(element("span", { className: part.cached ? "part cached" : "part", title: `${part.name}, ${why}` }), part.start, part.end);
    }));
  }

  move(frame) { if (this.story) this.playhead.style.left = `${100 * frame / this.story.frames}%`; }

  select(index, { focus = false } = {}) {
    this.selected = Math.max(0, index);
    for (const shot of this.shots.querySelectorAll(".shot")) {
      const on = Number(shot.dataset.index) === this.selected;
      shot.setAttribute("aria-selected", String(on));
      shot.tabIndex = on ? 0 : -1;
      if (on && focus) shot.focus();
    }
  }

  #placed(made, start, end) {
    made.style.left = `${100 * start / this.story.frames}%`;
    made.style.width = `${100 * (end - start) / this.story.frames}%`;
    return made;
  }

  #ruler() {
    const seconds = this.story.frames / this.story.fps, step = STEPS.find((each) => seconds / each <= 12) || 900;
    const ticks = [];
    for (let at = 0; at < seconds; at += step) {
      const tick = element("span", {}, clock(at, step < 1 ? 1 : 0));
      tick.style.left = `${100 * at / seconds}%`;
      ticks.push(tick);
    }
    this.ruler.replaceChildren(...ticks);
  }

  #card(card) {
    const names = { intro: "intro", outro: "outro", "logo-fallback": "logo" };
    return this.#placed(element("div", { className: "card", role: "presentation" }, names[card.kind]), card.start, card.end);
  }

  #shot(shot) {
    const { fps } = this.story, seconds = (shot.end - shot.start) / fps;
    const made = element("div", {
      className: "shot", role: "option", tabIndex: -1, draggable: false,
      "aria-label": `Shot ${shot.index + 1}, ${shot.file}, ${seconds.toFixed(1)} seconds${shot.fade_frames ? ", crossfade" : ""}`,
    });
    made.dataset.index = shot.index;
    const picture = `url("picture/${this.story.sha256}/${shot.index}/320.jpg")`;
    made.style.backgroundImage = picture;
    made.append(element("span", { className: "shot-name" }, shot.file.split("/").pop()), element("span", { className: "shot-time" }, `${seconds.toFixed(1)} s`));
    if (shot.fade_frames) {
      const fade = element("span", { className: "fade", title: `crossfade, ${(shot.fade_frames / fps).toFixed(2)} s` });
      fade.style.width = `${100 * shot.fade_frames / (shot.end - shot.start)}%`;
      made.append(fade);
    }
    const grip = element("span", { className: "grip", title: "Drag to change how long it is shown", "aria-hidden": "true" });
    grip.addEventListener("pointerdown", (event) => this.#dragHold(event, shot, made));
    made.append(grip);
    made.addEventListener("pointerdown", (event) => this.#dragOrder(event, shot, made));
    return this.#placed(made, shot.start, shot.end);
  }

  #dragOrder(down, shot, made) {
    if (down.button !== 0 || down.target.classList.contains("grip")) return;
    const place = this.lanes.getBoundingClientRect();
    let target = null;
    const marker = element("span", { className: "drop", "aria-hidden": "true" });
    const move = (event) => {
      if (target === null && Math.abs(event.clientX - down.clientX) < 6) return;
      made.classList.add("dragged");
      made.style.translate = `${event.clientX - down.clientX}px 0`;
      const at = (event.clientX - place.left) / place.width * this.story.frames;
      const others = this.story.shots.filter((each) => each.index !== shot.index);
      target = others.filter((each) => (each.start + each.end) / 2 < at).length;
      const before = others[target], last = others[others.length - 1];
      if (!marker.isConnected) this.shots.append(marker);
      marker.style.left = `${100 * (before ? before.start : last ? last.end : shot.start) / this.story.frames}%`;
    };
    const up = (event) => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", up);
      removeEventListener("pointercancel", up);
      marker.remove();
      made.classList.remove("dragged");
      made.style.translate = "";
      if (event.type === "pointercancel") return;
      if (target === null) { this.select(shot.index); this.onSelect(shot.index, { seek: true }); return; }
      if (target !== shot.index) { this.selected = target; this.onMove(shot.index, target); }
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
    addEventListener("pointercancel", up);
  }

  #dragHold(down, shot, made) {
    down.stopPropagation();
    down.preventDefault();
    const place = this.lanes.getBoundingClientRect(), perPixel = this.story.frames / place.width / this.story.fps;
    const before = (shot.end - shot.start) / this.story.fps;
    const time = made.querySelector(".shot-time");
    let seconds = before;
    const move = (event) => {
      seconds = Math.max(0.5, Math.round((before + (event.clientX - down.clientX) * perPixel) * 10) / 10);
      time.textContent = `${seconds.toFixed(1)} s`;
      made.style.width = `${100 * seconds * this.story.fps / this.story.frames}%`;
      made.classList.add("dragged");
    };
    const up = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", up);
      made.classList.remove("dragged");
      if (Math.abs(seconds - before) > 0.04) this.onHold(shot.index, seconds);
      this.#placed(made, shot.start, shot.end);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
  }

  #key(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    const next = Math.max(0, Math.min(this.story.shots.length - 1, this.selected + (by || 0)));
    if (event.altKey && by) {
      if (next !== this.selected) { const from = this.selected; this.selected = next; this.onMove(from, next); }
      return;
    }
    this.select(next, { focus: true });
    this.onSelect(next, { seek: true });
  }

  #drawSound() {
    if (!this.sound) return;
    for (const role of ["narration", "music"]) {
      const lane = document.getElementById(`lane-${role}`), track = this.sound.tracks.find((each) => each.name === role);
      lane.hidden = !track;
      if (track) drawLane(lane.querySelector("canvas"), track, role === "music");
    }
  }
}

// Waveform against full scale on a square-root ruler, so that a bed at −25 dB is still seen; the line is its gain.
export function drawLane(canvas, track, withGain) {
  const style = getComputedStyle(canvas), ratio = devicePixelRatio || 1;
  const width = canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  const context = canvas.getContext("2d"), count = track.low.length, middle = height / 2;
  const level = (value) => Math.sign(value) * Math.sqrt(Math.min(1, Math.abs(value))) * middle * 0.94;
  context.fillStyle = style.getPropertyValue(withGain ? "--music" : "--voice");
  for (let x = 0; x < width; x++) {
    const from = Math.floor(x * count / width), to = Math.max(from + 1, Math.floor((x + 1) * count / width));
    let low = 0, high = 0;
    for (let i = from; i < to; i++) { low = Math.min(low, track.low[i]); high = Math.max(high, track.high[i]); }
    const top = middle - level(high), bottom = middle - level(low);
    if (bottom - top > 0) context.fillRect(x, top, 1, Math.max(1, bottom - top));
  }
  if (!withGain) return;
  context.strokeStyle = style.getPropertyValue("--gain");
  context.lineWidth = 1.5 * ratio;
  context.beginPath();
  let open = false;
  for (let i = 0; i < count; i++) {
    if (track.gain_db[i] <= -100) { open = false; continue; }
    const x = (i + 0.5) * width / count, y = Math.min(1, Math.max(0, -track.gain_db[i] / 60)) * (height - 4) + 2;
    if (open) context.lineTo(x, y); else context.moveTo(x, y);
    open = true;
  }
  context.stroke();
}
