// Asking the server. Every address is relative: the secret is the first part of the page's own path.
export async function read(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw await failure(answer);
  return answer.json();
}

export async function send(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw await failure(answer);
  return answer.json();
}

async function failure(answer) {
  let message = `the studio answered ${answer.status}`;
  try { message = (await answer.json()).message || message; } catch { /* no JSON: the number has to do */ }
  return Object.assign(new Error(message), { status: answer.status });
}

export function watch(onState, onLost) {
  const source = new EventSource("state");
  source.onmessage = (event) => onState(JSON.parse(event.data));
  source.onerror = onLost;
}

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "on") for (const [kind, listener] of Object.entries(value)) made.addEventListener(kind, listener);
    else if (key in made && key !== "list") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function clock(seconds, digits = 1) {
  const minutes = Math.floor(seconds / 60 + 1e-9);
  return `${minutes}:${(seconds - 60 * minutes).toFixed(digits).padStart(digits ? digits + 3 : 2, "0")}`;
}

export function megabytes(bytes) { return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`; }
