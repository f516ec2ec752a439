// What lets the page work for days alone: kept for times without network, kept awake, renewed in quiet hours.
import { within } from "./clock.js";

const ours = document.body.dataset.version;

export function workOffline() {
  navigator.serviceWorker?.register(`/station/worker.js?v=${ours}`, { scope: "/station" }).catch(() => {});
}

export function stayAwake() {
  const ask = () => {
    if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}

// Load a new version of the page when nothing stands, and sound will survive it or somebody is there to allow it.
export async function mindVersion(about, busy, sound) {
  if (about.version === ours || busy()) return;
  const calm = sound.bornAllowed || sound.state !== "allowed" || within(about.rules.renewal);
  if (calm && (await whole(about.version)) && !busy()) location.reload();
}

// Tell whether the new version can be had whole: a page that was fetched by half would be worse than the old one.
async function whole(version) {
  try {
    const shell = await (await fetch("/station/shell.json", { cache: "no-store" })).json();
    const replies = await Promise.all(shell.files.map((path) => fetch(path, { cache: "reload" })));
    return shell.version === version && replies.every((one) => one.ok);
  } catch {
    return false;
  }
}
