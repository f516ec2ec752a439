// Signing in: a code that is good once brings the keys, or somebody types them. With them come the public keys
// that are trusted from then on.
import { keep } from "./keep.js";
import { Refusal } from "./link.js";
import { words } from "./face.js";

const $ = (id) => document.getElementById(id);
const MODE = /^yt_(live|drill)_[0-9a-f]+_\S+$/;
const NEW_KEY_MS = 30_000;
const AGAIN_MS = 1000;

// Return the credentials once somebody has given right ones.
export function signedIn(sound) {
  let got = keep.pending();
  takeFromAddress();
  return new Promise((resolve) => {
    const button = $("sign-in-form").querySelector("button");
    const tried = async (credentials) => {
      button.disabled = true;
      $("sign-in-fault").hidden = true;
      try {
        resolve(keep.signIn(await credentials()));
      } catch (error) {
        fault(error);
      } finally {
        button.disabled = false;
      }
    };
    // The keys that a code brought are kept before anything else can fail: the code brings none again.
    const brought = async () => {
      const once = $("once").value.trim();
      if (once) keep.pend((got = await exchanged(once)));
      $("once").value = "";
      const given = typed();
      if (!given && !got) throw missing();
      return accepted(given ?? got, given ? 0 : NEW_KEY_MS);
    };
    $("sign-in-form").addEventListener("submit", (event) => {
      event.preventDefault();
      sound.open();
      tried(brought);
    });
    if (got && !$("once").value) tried(brought);
  });
}

// The picture of a code opens this page with the code behind #; no history keeps it.
function takeFromAddress() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (!code) return;
  $("once").value = code;
  history.replaceState(null, "", location.pathname + location.search);
}

function fault(error) {
  $("sign-in-fault").textContent = error.said ?? (error instanceof Refusal ? words.errors[error.status] ?? error.message : words.errors[0]);
  $("sign-in-fault").hidden = false;
  $($("with-keys").open ? "code" : "once").focus();
}

async function exchanged(code) {
  const body = JSON.stringify({ code, terminal: keep.terminal() });
  const headers = { "content-type": "application/json" };
  const reply = await fetch("/api/v1/registry/provision", { method: "POST", headers, body, cache: "no-store", signal: AbortSignal.timeout(20_000) });
  if (!reply.ok) throw Object.assign(new Error("code"), { said: words.once[reply.status] ?? words.errors[0] });
  const { station, keys } = await reply.json();
  return { code: station, keys: Object.fromEntries(keys.map(({ mode, key }) => [mode, key])) };
}

// Return what was typed in place of a code, null when nothing was.
function typed() {
  const keys = {};
  for (const key of [$("key").value.trim(), $("drill-key").value.trim()].filter(Boolean)) {
    const mode = MODE.exec(key)?.[1];
    if (!mode || keys[mode]) throw Object.assign(new Error("keys"), { said: words.errors.mode });
    keys[mode] = key;
  }
  return Object.keys(keys).length ? { code: $("code").value.trim(), keys } : null;
}

function missing() {
  return Object.assign(new Error("nothing"), { said: $("with-keys").open ? words.errors.mode : words.once[422] });
}

// Return the credentials with what they trust; a key that was made just now may be unknown for a moment.
async function accepted({ code, keys }, patience) {
  const until = Date.now() + patience;
  let trust = [];
  for (const key of Object.values(keys)) {
    for (;;) {
      try {
        trust = (await about(code, key)).keys;
        break;
      } catch (error) {
        if (error.status !== 401 || Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }
  return { code, keys, trust };
}

// Ask what a screen needs to know of its station.
export async function about(code, key) {
  const headers = { authorization: `Bearer ${key}` };
  const reply = await fetch(`/api/v1/stations/${encodeURIComponent(code)}/screen`, { headers, cache: "no-store", signal: AbortSignal.timeout(15_000) });
  if (!reply.ok) throw new Refusal(reply.status, await reply.json().catch(() => ({})));
  return reply.json();
}
