// Signing in: credentials are a code, a key for each mode, and the public keys that are trusted from then on.
// Whatever else may bring them, such as a code that is good once, only has to return the same.
import { keep } from "./keep.js";
import { Refusal } from "./link.js";
import { words } from "./face.js";

const $ = (id) => document.getElementById(id);
const MODE = /^yt_(live|drill)_[0-9a-f]+_\S+$/;

// Return the credentials once somebody has given right ones.
export function signedIn(sound) {
  return new Promise((resolve) => {
    $("code").value = new URLSearchParams(location.hash.slice(1)).get("code") ?? "";
    $("sign-in-form").addEventListener("submit", async (event) => {
      event.preventDefault();
      sound.open();
      const button = event.target.querySelector("button");
      button.disabled = true;
      try {
        const credentials = await checked($("code").value.trim(), [$("key").value.trim(), $("drill-key").value.trim()]);
        keep.signIn(credentials);
        resolve(credentials);
      } catch (error) {
        fault(error instanceof Refusal ? words.errors[error.status] ?? error.message : error.said ?? words.errors[0]);
      } finally {
        button.disabled = false;
      }
    });
  });
}

function fault(text) {
  $("sign-in-fault").textContent = text;
  $("sign-in-fault").hidden = false;
  $("code").focus();
}

async function checked(code, given) {
  const keys = {};
  for (const key of given.filter(Boolean)) {
    const mode = MODE.exec(key)?.[1];
    if (!mode || keys[mode]) throw Object.assign(new Error("keys"), { said: words.errors.mode });
    keys[mode] = key;
  }
  if (!Object.keys(keys).length) throw Object.assign(new Error("no key"), { said: words.errors.mode });
  let trust = [];
  for (const key of Object.values(keys)) trust = (await about(code, key)).keys;
  return { code, keys, trust };
}

// Ask what a screen needs to know of its station.
export async function about(code, key) {
  const headers = { authorization: `Bearer ${key}` };
  const reply = await fetch(`/api/v1/stations/${encodeURIComponent(code)}/screen`, { headers, cache: "no-store", signal: AbortSignal.timeout(15_000) });
  if (!reply.ok) throw new Refusal(reply.status, await reply.json().catch(() => ({})));
  return reply.json();
}
