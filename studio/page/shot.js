// The chosen shot: its whole picture with the view at the start and at the end, dragged, resized or moved by keys.
import { element } from "./api.js";

const VIEWS = [["from", "start"], ["to", "end"]];

export class ShotPanel {
  constructor(panel, { onView, onHold, onMove }) {
    Object.assign(this, { panel, onView, onHold, onMove });
    this.index = -1;
  }

  show(story, index) {
    const shot = story.shots[index];
    if (this.dragging) return;
    if (this.later && shot?.file === this.shot.file && index === this.shot.index) return;  // keys are still being pressed
    this.#flush(shot?.file !== this.shot?.file && index === this.shot?.index);
    this.story = story;
    this.shot = shot;
    if (!shot) { this.panel.replaceChildren(element("p", { className: "quiet" }, "This story has no pictures: its logo is shown.")); return; }
    const focused = this.panel.contains(document.activeElement) ? document.activeElement.id : "";
    this.views = { from: { ...shot.from }, to: { ...shot.to } };
    this.ease = shot.ease;
    const source = this.#picture(story, shot);
    const words = { default: "the default gentle move", still: "stands still", none: "stands still", own: "written in the story" };
    this.panel.replaceChildren(
      element("h2", {}, `${index + 1}. ${shot.file.split("/").pop()}`),
      source,
      element("p", { className: "legend" },
        element("span", { className: "key from" }, "start"), element("span", { className: "key to" }, "end"),
        element("span", { className: "quiet" }, `Move: ${words[shot.motion] || shot.motion}. Drag a box, or its corner.`)),
      this.#numbers(shot), this.#fields(story, shot));
    if (focused) document.getElementById(focused)?.focus();
  }

  #picture(story, shot) {
    const image = element("img", { src: `picture/${story.sha256}/${shot.index}/1280.jpg`, alt: `The whole picture ${shot.file}`, width: shot.source_width, height: shot.source_height, draggable: false });
    const frame = element("div", { className: "source" }, image);
    this.boxes = {};
    for (const [key, name] of VIEWS) {
      const box = element("div", { className: `box ${key}`, tabIndex: 0, id: `box-${key}`, role: "group", "aria-roledescription": "view" },
        element("span", { className: "tag" }, name), element("span", { className: "corner", "aria-hidden": "true" }));
      box.addEventListener("pointerdown", (event) => this.#drag(event, key, frame));
      box.addEventListener("keydown", (event) => this.#key(event, key));
      this.boxes[key] = box;
      frame.append(box);
    }
    this.#place();
    return frame;
  }

  #place() {
    for (const [key, name] of VIEWS) {
      const { box, zoom, focus } = this.views[key], style = this.boxes[key].style;
      const left = Math.max(0, box[0]), top = Math.max(0, box[1]);
      style.left = `${100 * left}%`;
      style.top = `${100 * top}%`;
      style.width = `${100 * (Math.min(1, box[0] + box[2]) - left)}%`;
      style.height = `${100 * (Math.min(1, box[1] + box[3]) - top)}%`;
      this.boxes[key].setAttribute("aria-label",
        `View at the ${name}: zoom ${zoom.toFixed(2)}, focus ${Math.round(focus[0] * 100)} by ${Math.round(focus[1] * 100)} percent. Arrows move, plus and minus zoom.`);
    }
  }

  // The same rule as the renderer's: the view never leaves the picture; a side that shows all of it is centred.
  #set(key, zoom, focus) {
    const { whole } = this.views[key];
    zoom = Math.min(20, Math.max(1, zoom));
    const size = [whole[0] / zoom, whole[1] / zoom];
    const middle = focus.map((at, axis) => size[axis] >= 1 ? 0.5 : Math.min(1 - size[axis] / 2, Math.max(size[axis] / 2, at)));
    this.views[key] = { whole, zoom, focus: middle, box: [middle[0] - size[0] / 2, middle[1] - size[1] / 2, ...size] };
    this.#place();
    this.#write();
  }

  #drag(down, key, frame) {
    if (down.button !== 0) return;
    down.preventDefault();
    this.boxes[key].focus();
    const area = frame.getBoundingClientRect(), start = this.views[key], corner = down.target.classList.contains("corner");
    this.dragging = true;
    const move = (event) => {
      const dx = (event.clientX - down.clientX) / area.width, dy = (event.clientY - down.clientY) / area.height;
      if (!corner) { this.#set(key, start.zoom, [start.focus[0] + dx, start.focus[1] + dy]); return; }
      const outwards = key === "to" ? -dy : dy;  // its corner is the upper one
      const grown = Math.max((start.box[2] + 2 * dx) / start.box[2], (start.box[3] + 2 * outwards) / start.box[3]);
      this.#set(key, start.zoom / Math.max(0.05, grown), start.focus);
    };
    const up = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", up);
      removeEventListener("pointercancel", up);
      this.dragging = false;
      if (this.views[key] !== start) this.#save();
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
    addEventListener("pointercancel", up);
  }

  #key(event, key) {
    const step = event.shiftKey ? 0.05 : 0.01, { zoom, focus } = this.views[key];
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (moves[event.key]) this.#set(key, zoom, [focus[0] + moves[event.key][0], focus[1] + moves[event.key][1]]);
    else if ("+=".includes(event.key)) this.#set(key, zoom + step * 2, focus);
    else if (event.key === "-") this.#set(key, zoom - step * 2, focus);
    else return;
    event.preventDefault();
    event.stopPropagation();
    clearTimeout(this.later);
    this.later = setTimeout(() => this.#flush(), 500);
  }

  // Save what keys have changed; or forget it, where another picture stands in this place by now.
  #flush(forget = false) {
    if (!this.later) return;
    clearTimeout(this.later);
    this.later = null;
    if (!forget) this.#save();
  }

  #numbers(shot) {
    this.cells = {};
    const rows = VIEWS.map(([key, name]) => {
      this.cells[key] = element("td", {});
      return element("tr", {}, element("th", { scope: "row" }, name), this.cells[key]);
    });
    this.#write();
    return element("table", { className: "facts" }, element("tbody", {}, ...rows));
  }

  #write() {
    if (!this.cells) return;
    for (const [key] of VIEWS) {
      const { zoom, focus } = this.views[key];
      this.cells[key].textContent = `zoom ${zoom.toFixed(3)}, focus ${focus[0].toFixed(3)}, ${focus[1].toFixed(3)}`;
    }
  }

  #fields(story, shot) {
    const seconds = (shot.end - shot.start) / story.fps;
    const hold = element("input", { type: "number", id: "hold", min: "0.5", step: "0.1", value: seconds.toFixed(1), on: {
      change: (event) => { const value = Number(event.target.value); if (value >= 0.1) this.onHold(shot.index, value); } } });
    const share = element("button", { type: "button", id: "share", disabled: shot.hold_s === null, title: "Remove the hold: the picture shares what is left", on: {
      click: () => this.onHold(shot.index, null) } }, shot.hold_s === null ? "shares the rest" : "share the rest");
    const ease = element("select", { id: "ease", on: { change: (event) => { this.ease = event.target.value; this.#save(); } } },
      ...["linear", "in", "out", "in-out"].map((name) => element("option", { value: name, selected: name === shot.ease }, name)));
    const order = [["Earlier", -1], ["Later", 1]].map(([name, by]) => element("button", {
      type: "button", id: `move-${name}`, disabled: !story.shots[shot.index + by], on: { click: () => this.onMove(shot.index, shot.index + by) } }, name));
    return element("div", { className: "fields" },
      element("label", { htmlFor: "hold" }, "Shown for, s"), element("span", {}, hold, share),
      element("label", { htmlFor: "ease" }, "Ease"), ease,
      element("span", {}, "Order"), element("span", {}, ...order),
      element("span", {}, "Fit"), element("span", {}, shot.fit),
      element("span", {}, "Source"), element("span", {}, `${shot.source_width} × ${shot.source_height}`));
  }

  #save() {
    const plain = (view) => ({ zoom: view.zoom, focus: view.focus });
    this.onView(this.shot.index, plain(this.views.from), plain(this.views.to), this.ease);
  }
}
