// Keeps the page for times without network. Warnings are never kept here: they lie in the page's own memory.
const version = new URL(location.href).searchParams.get("v") ?? "0";
const NAME = `station-${version}`;
const PATIENCE_MS = 4000;

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));

async function install() {
  const shell = await (await fetch("/station/shell.json", { cache: "no-store" })).json();
  const shelf = await caches.open(NAME);
  await shelf.addAll(shell.files.map((path) => new Request(path, { cache: "reload" })));
  await self.skipWaiting();
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith("station-") && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const ours = url.pathname === "/station" || url.pathname.startsWith("/static/stations/");
  if (event.request.method === "GET" && url.origin === location.origin && ours) event.respondWith(answer(event.request));
});

async function answer(request) {
  try {
    const found = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (found.ok) return found;
    return (await kept(request)) ?? found;
  } catch (error) {
    const found = await kept(request);
    if (found) return found;
    throw error;
  }
}

async function kept(request) {
  return (await caches.open(NAME)).match(request, { ignoreSearch: true });
}
