// The video, and frames drawn on demand over it: while scrubbing, and from a save until the new video is there.
import { clock } from "./api.js";

export class Player extends EventTarget {
  constructor() {
    super();
    for (const id of ["video", "still", "play", "mute", "scrub", "clock", "badge", "player"]) this[id] = document.getElementById(id);
    this.label = document.getElementById("frame-label");
    this.story = null;
    this.videoStory = null;
    this.frame = 0;
    this.asking = 0;
    this.wanted = null;
    this.shuttle = 0;
    this.turns = 0;  // requests for stills
    this.drawn = 0;  // the latest of them that is on the screen
    this.intent = true;  // whether it should play: kept over every new video
    this.#listen();
  }

  get fresh() { return this.story && this.videoStory === this.story.sha256; }
  get seconds() { return this.story ? this.frame / this.story.fps : 0; }

  setStory(story) {
    this.story = story;
    this.scrub.max = story.frames - 1;
    this.frame = Math.min(this.frame, story.frames - 1);
    this.player.style.setProperty("--aspect", `${story.width} / ${story.height}`);
    this.player.style.setProperty("--ratio", story.width / story.height);
    if (!this.fresh) this.#drawStill(this.frame);
    this.#show();
  }

  // A new video takes the old one's place: same element, same position, so that sound allowed once stays allowed.
  setVideo(name, sha256) {
    const at = this.seconds;
    this.videoStory = sha256;
    this.video.autoplay = this.intent;
    this.video.src = `video/${name}.mp4`;
    const settled = () => {
      if (this.intent) this.video.play().catch(() => {}); else this.video.pause();
      if (this.fresh && this.wanted === null) this.#whenDrawn(() => this.#hideStill());
    };
    this.video.addEventListener("loadedmetadata", () => {
      if (at <= 0.001) { settled(); return; }
      this.video.addEventListener("seeked", settled, { once: true });
      this.video.currentTime = this.#time(this.frame);
    }, { once: true });
  }

  toggle() {
    this.#stopShuttle();
    if (this.video.paused || this.video.ended) {
      if (this.video.ended) this.seek(0);
      this.#run();
    } else this.pause();
  }

  // Seek by frame: the picture is asked for at once, the video follows.
  seek(frame, { scrubbing = false } = {}) {
    if (!this.story) return;
    this.frame = Math.max(0, Math.min(this.story.frames - 1, Math.round(frame)));
    this.#show();
    if (scrubbing || !this.fresh || this.video.paused) this.#drawStill(this.frame);
    if (!scrubbing) {
      this.video.currentTime = this.#time(this.frame);
      if (this.fresh) this.video.addEventListener("seeked", () => this.#whenDrawn(() => this.#hideStill()), { once: true });
    }
  }

  pause() { this.intent = false; this.video.autoplay = false; this.video.pause(); }

  #run() { this.intent = true; this.video.play().catch(() => {}); }

  step(frames) { this.pause(); this.#stopShuttle(); this.seek(this.frame + frames); }

  // J, K, L as at an editing desk: back, stop, forward; again is faster.
  shuttleTo(direction) {
    if (direction === 0) { this.#stopShuttle(); this.pause(); return; }
    const speed = Math.sign(this.shuttle) === direction ? Math.min(8, Math.abs(this.shuttle) * 2) : 1;
    this.#stopShuttle();
    this.shuttle = direction * speed;
    if (direction > 0) { this.video.playbackRate = speed; this.#run(); }
    else {
      this.pause();
      this.timer = setInterval(() => {
        this.seek(this.frame - speed * this.story.fps / 10, { scrubbing: true });
        if (this.frame === 0) this.shuttleTo(0);
      }, 100);
    }
    this.badge.textContent = `${direction > 0 ? "▶" : "◀"} ${speed}×`;
    this.badge.hidden = speed === 1 && direction > 0;
  }

  #stopShuttle() {
    if (this.timer) { clearInterval(this.timer); this.seek(this.frame); }
    this.timer = null;
    this.shuttle = 0;
    this.video.playbackRate = 1;
    this.badge.hidden = true;
  }

  #time(frame) { return (frame + 0.5) / this.story.fps; }

  // Two requests under way at the most, always for the newest frame asked for: one is drawn while the other is fetched.
  async #drawStill(frame) {
    this.wanted = frame;
    if (this.asking >= 2) return;
    this.asking += 1;
    while (this.wanted !== null) {
      const { sha256 } = this.story, next = this.wanted, turn = this.turns += 1;
      this.wanted = null;
      try {
        const answer = await fetch(`frame/${sha256}/${next}.jpg`);
        if (!answer.ok) continue;
        const picture = await createImageBitmap(await answer.blob());
        if (turn < this.drawn) { picture.close(); continue; }
        this.drawn = turn;
        this.still.width = picture.width;
        this.still.height = picture.height;
        this.still.getContext("bitmaprenderer").transferFromImageBitmap(picture);
        this.still.hidden = false;
        this.still.dataset.frame = next;
        this.still.dataset.story = sha256;
      } catch { /* the story is another by now, or the studio ended: the next state says so */ }
    }
    this.asking -= 1;
  }

  #whenDrawn(then) {
    if (this.video.requestVideoFrameCallback) {
      let called = false;
      const once = () => { if (!called) { called = true; then(); } };
      this.video.requestVideoFrameCallback(once);
      setTimeout(once, 150);
    } else then();
  }

  #hideStill() { if (!this.scrubbing && this.fresh) this.still.hidden = true; }

  #show() {
    this.scrub.value = this.frame;
    const at = clock(this.seconds, 2);
    this.scrub.setAttribute("aria-valuetext", `${at}, frame ${this.frame}`);
    this.clock.textContent = at;
    this.label.textContent = this.story ? `frame ${this.frame} of ${this.story.frames}` : "";
    this.dispatchEvent(new Event("moved"));
  }

  #listen() {
    const { video } = this;
    this.play.onclick = () => this.toggle();
    video.onclick = () => this.toggle();
    this.still.onclick = () => this.toggle();
    const playing = () => {
      const on = !video.paused && !video.ended;
      this.play.textContent = on ? "❚❚" : "▶";
      this.play.setAttribute("aria-label", on ? "Pause" : "Play");
      if (on) this.#whenDrawn(() => this.#hideStill());
      if (on) this.#follow();
    };
    video.addEventListener("ended", () => { this.intent = false; });
    for (const kind of ["play", "playing", "pause", "ended"]) video.addEventListener(kind, playing);
    const muted = () => {
      this.mute.textContent = video.muted ? "Sound off" : "Sound on";
      this.mute.setAttribute("aria-pressed", String(video.muted));
    };
    this.mute.onclick = () => { video.muted = !video.muted; muted(); };
    video.addEventListener("volumechange", muted);
    this.scrub.addEventListener("pointerdown", () => { this.resume = this.intent; this.pause(); this.scrubbing = true; });
    this.scrub.addEventListener("input", () => this.seek(Number(this.scrub.value), { scrubbing: this.scrubbing }));
    this.scrub.addEventListener("change", () => {
      this.scrubbing = false;
      this.seek(Number(this.scrub.value));
      if (this.resume) this.#run();
      this.resume = false;
    });
  }

  #follow() {
    if (this.following) return;
    this.following = true;
    const tick = () => {
      if (this.video.paused || this.video.ended) { this.following = false; return; }
      if (this.story && !this.scrubbing && !this.video.seeking) {
        this.frame = Math.min(this.story.frames - 1, Math.floor(this.video.currentTime * this.story.fps + 0.01));
        this.#show();
      }
      requestAnimationFrame(tick);
    };
    tick();
  }
}
