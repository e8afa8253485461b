// Facts beside the player: sound, output, MediaConvert; and the list of problems.
import { element, megabytes, read, clock } from "./api.js";

const facts = (rows) => element("table", { className: "facts" }, element("tbody", {},
  ...rows.filter(Boolean).map(([name, ...value]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, ...value)))));

const level = (value, unit) => value === null || value === undefined ? "silence" : `${value.toFixed(1)} ${unit}`;

export function showProblems(problems, section, list) {
  section.hidden = !problems.length;
  list.replaceChildren(...problems.map((problem) => element("li", {},
    problem.line === null ? null : element("span", { className: "line" }, `line ${problem.line}`),
    element("span", { className: "what" }, problem.message),
    problem.hint ? element("span", { className: "hint" }, problem.hint) : null,
    element("code", {}, problem.path))));
}

export function showSound(panel, story, video, onGain) {
  const rows = story.tracks.map((track) => [track.role, `${track.file}, ${clock(track.start_s)} to ${clock(track.end_s)}, ${track.gain_db.toFixed(1)} dB${track.loops ? ", loops" : ""}`]);
  const sound = video?.sound;
  const parts = [element("h2", {}, "Sound"), facts([
    ...rows,
    sound && ["loudness", level(sound.integrated_lufs, "LUFS")],
    sound && ["range", level(sound.range_lu, "LU")],
    sound && ["true peak", level(sound.true_peak_dbtp, "dBTP")],
    ["target", story.target_lufs === null ? "none: measured, not changed" : `${story.target_lufs} LUFS`],
  ])];
  if (story.music) {
    const output = element("output", { htmlFor: "gain" }, `${story.music.gain_db} dB`);
    const gain = element("input", { type: "range", id: "gain", min: "-60", max: "6", step: "0.5", value: story.music.gain_db, on: {
      input: () => { output.textContent = `${gain.value} dB`; },
      change: () => onGain(Number(gain.value)) } });
    parts.push(element("div", { className: "gain" }, element("label", { htmlFor: "gain" }, story.music.ducked ? "Music gain, beside ducking" : "Music gain"), gain, output));
  }
  for (const warning of video?.warnings || []) parts.push(element("p", { className: "warning" }, warning));
  if (!story.tracks.length) parts.push(element("p", { className: "quiet" }, "Nothing sounds in this story."));
  const focused = document.activeElement?.id === "gain";
  panel.replaceChildren(...parts);
  if (focused) document.getElementById("gain")?.focus();
}

export function showOutput(panel, story, state) {
  const { video } = state;
  const parts = [element("h2", {}, "Output"), facts([
    ["story", `${story.title}, ${clock(story.frames / story.fps)}`],
    ["programme", `${story.frames} frames at ${story.rate} a second`],
    ["output", story.output],
    ["preview", `${story.width} × ${story.height}, ${story.quality}`],
    ["compiled in", `${state.compile_ms} ms`],
    video && ["preview file", `${megabytes(video.bytes)}, made in ${video.wall_s.toFixed(2)} s`],
    video && ["segments", `${video.segments.from_cache} of ${video.segments.total} from the cache, ${video.segments.rendered} rendered`],
    ["timeline", element("code", {}, story.sha256.slice(0, 16))],
  ])];
  if (state.final?.state === "done") {
    parts.push(element("h3", {}, "Finished video"), facts([
      ["file", element("a", { href: "final.mp4" }, state.final.name)],
      ["size", `${megabytes(state.final.bytes)}, made in ${state.final.wall_s.toFixed(1)} s`],
      ["segments", `${state.final.segments.from_cache} of ${state.final.segments.total} from the cache`],
    ]));
  }
  const checks = (state.final?.state === "done" ? state.final : video)?.checks || [];
  if (checks.length) {
    parts.push(element("h3", {}, `Checks of the ${state.final?.state === "done" ? "finished video" : "preview"}`), facts(checks.map((check) =>
      [check.name, element("span", { className: check.passed ? "good" : "bad" }, check.passed ? "✓ " : "✗ "), check.found.replace(/[0-9a-f]{48}$/, "…")])));
  }
  panel.replaceChildren(...parts);
}

export class CloudPanel {
  constructor(panel) { this.panel = panel; this.open = "mezzanine"; this.approximate = false; this.key = ""; }

  async show(story) {
    const key = `${story.sha256} ${this.approximate}`;
    if (this.key === key) return;
    this.key = key;
    if (!this.report) this.panel.replaceChildren(element("p", { className: "quiet" }, "Asking…"));
    try {
      const report = await read(`cloud/${story.sha256}.json${this.approximate ? "?allow=approximate" : ""}`);
      if (this.key === key) { this.report = report; this.#draw(story); }
    } catch (error) {
      this.key = "";
      this.panel.replaceChildren(element("p", { className: "error" }, error.message));
    }
  }

  #draw(story) {
    const { strategies, size, production_cost } = this.report;
    const allow = element("input", { type: "checkbox", id: "approximate", checked: this.approximate, on: {
      change: () => { this.approximate = allow.checked; this.show(story); } } });
    const choice = element("div", { className: "strategies", role: "radiogroup", "aria-label": "Strategy" }, ...strategies.map((each) => {
      const worst = verdict(each);
      const button = element("button", { type: "button", role: "radio", id: `strategy-${each.name}`, "aria-checked": String(each.name === this.open), on: {
        click: () => { this.open = each.name; this.#draw(story); document.getElementById(`strategy-${each.name}`).focus(); } } },
      element("strong", {}, each.name), element("span", { className: `verdict ${worst}` }, worst), element("span", { className: "quiet" }, each.cost ? each.cost.replace(/ \(.*/, "") : "no job"));
      return button;
    }));
    const chosen = strategies.find((each) => each.name === this.open);
    const groups = grouped(chosen.conformance);
    this.panel.replaceChildren(element("h2", {}, "AWS Elemental MediaConvert"),
      element("p", { className: "quiet" }, `The story at ${size[0]} × ${size[1]}. Nothing is sent from here: that is what `, element("code", {}, "storyreel submit"), " is for."),
      choice,
      element("label", { className: "check", htmlFor: "approximate" }, allow, "allow approximations"),
      element("table", { className: "facts conformance" }, element("thead", {}, element("tr", {}, ...["feature", "where", "comes out"].map((name) => element("th", { scope: "col" }, name)))),
        element("tbody", {}, ...groups.map((item) => element("tr", {}, element("td", {}, item.feature), element("td", {}, item.where),
          element("td", {}, element("span", { className: `verdict ${item.verdict}` }, item.verdict), item.detail ? ` ${item.detail}` : ""))))),
      facts([chosen.cost && ["estimate", chosen.cost], ["by production's formula", production_cost],
        ...chosen.outputs.map((each) => [each.name || "output", `${each.tier} tier, ${each.minutes} min, ${each.cost}${each.reasons.length ? `: ${each.reasons.join(", ")}` : ""}`])]),
      ...chosen.notes.map((note) => element("p", { className: "quiet" }, note)),
      chosen.job ? this.#job(chosen.job) : element("p", { className: "quiet" }, "No job: something is refused, see above."));
  }

  #job(text) {
    const copy = element("button", { type: "button", on: { click: async () => {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
    } } }, "Copy");
    return element("details", { className: "job", open: this.jobOpen || false, on: { toggle: (event) => { this.jobOpen = event.target.open; } } },
      element("summary", {}, "Job JSON"), copy, element("pre", { tabIndex: 0, "aria-label": "Job JSON" }, text));
  }
}

function verdict(strategy) {
  const found = new Set(strategy.conformance.map((item) => item.verdict));
  return ["refused", "approximated", "exact"].find((each) => found.has(each)) || "exact";
}

// Equal findings of many layers in one row.
function grouped(items) {
  const rows = new Map();
  for (const item of items) {
    const key = `${item.feature}|${item.verdict}|${item.detail}`;
    const row = rows.get(key);
    if (row) row.places.push(item.where); else rows.set(key, { ...item, places: [item.where] });
  }
  return [...rows.values()].map((row) => ({ ...row, where: row.places.length > 3 ? `${row.places[0]} and ${row.places.length - 1} more` : row.places.join(", ") }));
}
