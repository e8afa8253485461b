// The page: the server's state on one side, player, strip and panels on the other, edits back.
import { read, send, watch } from "./api.js";
import { Player } from "./player.js";
import { Strip } from "./strip.js";
import { ShotPanel } from "./shot.js";
import { CloudPanel, showOutput, showProblems, showSound } from "./panels.js";

const at = (id) => document.getElementById(id);
let state = null, story = null, chosen = 0, soundKey = "", loading = "";

const player = new Player();
const hold = (image, seconds) => edit({ op: "hold", image, seconds });
const reorder = (from, to) => { chosen = to; strip.select(to); edit({ op: "move", from, to }); };
const strip = new Strip({ onSelect: select, onSeek: (frame) => player.seek(frame), onMove: reorder, onHold: hold });
const shotPanel = new ShotPanel(at("panel-shot"), {
  onView: (image, from, to, ease) => edit({ op: "view", image, from, to, ease }), onHold: hold, onMove: reorder,
});
const cloud = new CloudPanel(at("panel-cloud"));

function select(index, { seek = false } = {}) {
  chosen = index;
  if (!story) return;
  shotPanel.show(story, index);
  openTab("shot");
  if (seek && story.shots[index]) player.seek(story.shots[index].start + story.shots[index].fade_frames);
}

// The state of the file that the next edit is made on, by its hash; editions count such states, so that late news is told.
let revision = "", edition = -1;
function saw(seen) {
  if (seen.edition >= edition) ({ revision, edition } = seen);
  at("status").dataset.edition = edition;
}

// One change after the other: each is made on the revision that the last one left.
let changes = Promise.resolve();

function change(path, request) {
  changes = changes.then(async () => {
    try {
      saw(await send(path, { ...request, revision }));
      notice("");
    } catch (error) {
      notice(error.message);
      strip.setStory(story);
      shotPanel.show(story, chosen);
    }
  });
}

const edit = (request) => change("edit", request);
const undo = () => change("undo", {});

function notice(text) {
  at("notice").textContent = text;
  at("notice").hidden = !text;
}

async function loadStory(sha256) {
  if (loading === sha256) return;
  loading = sha256;
  try {
    const next = await read(`story/${sha256}.json`);
    if (state.story !== sha256) return;
    story = next;
    saw(story);
    document.title = `${story.title} – Storyreel studio`;
    at("title").textContent = story.title;
    player.setStory(story);
    strip.setStory(story);
    chosen = strip.selected;
    shotPanel.show(story, chosen);
    showPanels();
    links();
    const key = JSON.stringify([story.tracks, story.target_lufs, story.frames]);
    if (key !== soundKey) {
      soundKey = key;
      strip.setSound(await read(`sound/${sha256}.json`));
    }
  } catch (error) {
    soundKey = "";
    if (error.status !== 404) notice(error.message);
  } finally {
    if (loading === sha256) loading = "";
    if (state.story !== sha256) loadStory(state.story);
  }
}

function showPanels() {
  if (!story) return;
  showSound(at("panel-sound"), story, state.video, (gain_db) => edit({ op: "music_gain", gain_db }));
  showOutput(at("panel-output"), story, state);
  if (!at("panel-cloud").hidden) cloud.show(story);
}

function onState(next) {
  const before = state;
  state = next;
  if (story && state.story === story.sha256 && !state.problems.length) saw(state);
  showProblems(state.problems, at("problems"), at("problem-list"));
  at("undo").disabled = !state.undo;
  status();
  if (state.story && state.story !== story?.sha256) loadStory(state.story);
  if (state.video && state.video.name !== before?.video?.name) {
    player.setVideo(state.video.name, state.video.story);
    strip.setParts(state.video.parts);
  }
  if (state.video !== before?.video || state.final?.state !== before?.final?.state) showPanels();
}

function status() {
  const { problems, preview, final, video } = state, pill = at("status");
  const rendering = final?.state === "rendering" || final?.state === "waiting";
  const progress = rendering ? final : preview;
  at("render-row").hidden = !progress;
  at("cancel").hidden = !rendering;
  at("final").disabled = rendering || !state.story;
  if (progress) {
    const share = progress.total ? progress.frames / progress.total : 0;
    at("render-progress").value = share;
    at("render-words").textContent = `${rendering ? `Final: ${final.name}, ` : ""}${progress.frames || 0} of ${progress.total || "?"} frames${progress.cached ? `, ${progress.cached} from the cache` : ""}`;
  }
  let text = "opening…", kind = "busy";
  if (problems.length) { text = `${problems.length} problem${problems.length > 1 ? "s" : ""}`; kind = "bad"; }
  else if (rendering) text = "rendering the final video";
  else if (preview || video?.story !== state.story) text = "rendering the preview";
  else if (final?.state === "failed") { text = `final failed: ${final.message}`; kind = "bad"; }
  else if (final?.state === "done") { text = `${final.name} is done`; kind = "good"; }
  else if (final?.state === "cancelled") { text = "final cancelled"; kind = "good"; }
  else if (video) { text = "up to date"; kind = "good"; }
  if (pill.textContent !== text) pill.textContent = text;
  pill.dataset.kind = kind;
}

function links() {
  at("poster").href = `poster/${story.sha256}/${player.frame}.png`;
  at("sheet").href = `sheet/${story.sha256}.jpg`;
}

player.addEventListener("moved", () => {
  strip.move(player.frame);
  if (story) links();
});

function openTab(name) {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const on = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
    at(tab.getAttribute("aria-controls")).hidden = !on;
  }
  if (name === "cloud" && story) cloud.show(story);
}

for (const tab of document.querySelectorAll("[role=tab]")) tab.onclick = () => openTab(tab.id.slice(4));
document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
  const tabs = [...document.querySelectorAll("[role=tab]")], by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  const next = tabs[(tabs.indexOf(document.activeElement) + by + tabs.length) % tabs.length];
  openTab(next.id.slice(4));
  next.focus();
});

at("undo").onclick = undo;
at("cancel").onclick = () => send("final/cancel", {}).catch((error) => notice(error.message));

const dialog = at("final-dialog");
at("final").onclick = () => {
  if (!at("final-name").value) at("final-name").value = `${state.name.replace(/\.[^.]+$/, "")}.mp4`;
  at("final-error").textContent = "";
  dialog.showModal();
};
at("final-close").onclick = () => dialog.close();
at("final-go").onclick = async () => {
  try {
    await send("final", { name: at("final-name").value, replace: at("final-replace").checked });
    dialog.close();
  } catch (error) { at("final-error").textContent = error.message; }
};
at("final-name").addEventListener("keydown", (event) => { if (event.key === "Enter") at("final-go").click(); });

// Keys of an editing desk, wherever no field or list has them for itself.
addEventListener("keydown", (event) => {
  if (event.altKey || dialog.open) return;
  const typing = event.target.closest("input:not(#scrub), select, textarea, [contenteditable]");
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && !typing) { event.preventDefault(); undo(); return; }
  if (event.ctrlKey || event.metaKey || typing || !story) return;
  const onButton = event.target.closest("button, a, summary");
  const keys = {
    " ": () => { if (onButton) return false; player.toggle(); },
    ArrowLeft: () => player.step(event.shiftKey ? -Math.round(story.fps) : -1),
    ArrowRight: () => player.step(event.shiftKey ? Math.round(story.fps) : 1),
    Home: () => player.step(-story.frames),
    End: () => player.step(story.frames),
    j: () => player.shuttleTo(-1), k: () => player.shuttleTo(0), l: () => player.shuttleTo(1),
    m: () => at("mute").click(),
  };
  const act = keys[event.key] || keys[event.key.toLowerCase()];
  if (act && act() !== false) event.preventDefault();
});

watch(onState, () => { at("status").textContent = "the studio has ended, or is not reached"; at("status").dataset.kind = "bad"; });
