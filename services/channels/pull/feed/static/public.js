// Brings the page up to date without loading it anew; says so when that cannot be done.
const EVERY_MS = 45000;
const SPREAD_MS = 15000;
const OLD_MS = 180000;

let refreshedAt = Date.now();
let etag = null;

async function refresh() {
  try {
    const headers = etag ? { "if-none-match": etag } : {};
    const answer = await fetch(location.href, { cache: "no-cache", headers, signal: AbortSignal.timeout(20000) });
    if (answer.status !== 304 && !answer.ok) throw new Error(String(answer.status));
    refreshedAt = Date.now();
    if (answer.status !== 304) {
      etag = answer.headers.get("etag");
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
      const main = document.querySelector("main");
      if (fresh && fresh.innerHTML !== main.innerHTML) main.replaceChildren(...fresh.childNodes);
    }
  } catch {
    // Said below, once it has lasted.
  }
  const notice = document.querySelector("#unreachable");
  if (notice) notice.hidden = Date.now() - refreshedAt < OLD_MS;
}

function wait() {
  // Spread out, so that a crowd does not come at once.
  setTimeout(async () => { await refresh(); wait(); }, EVERY_MS + Math.random() * SPREAD_MS);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden && Date.now() - refreshedAt > EVERY_MS) refresh(); });
wait();
