// Shows what is pushed: the newest word of each warning, never an older one in its place. Nothing is kept of pages.
const SHELF = "yutian-push";
const SPREAD_MS = 3000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(show(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.url));
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renewed(event)));

async function show(data) {
  let said;
  try {
    said = data.json();
  } catch {
    return self.registration.showNotification("綦江天气预警", { body: "打开页面查看 Open for details", data: { url: "/public" } });
  }
  const newest = await latest(said);
  const quiet = newest !== said;
  await self.registration.showNotification(newest.title, {
    body: newest.body,
    tag: newest.id,
    renotify: !quiet,
    silent: quiet || newest.urgency === "low",
    requireInteraction: newest.urgency === "high" && !newest.over,
    lang: newest.language,
    icon: "/static/kit/icon.svg",
    timestamp: Date.parse(newest.sent),
    data: { url: newest.url },
  });
  if (said.tell) await tell(said.tell);
}

function rank(said) {
  return said.revision * 2 + (said.halted ? 1 : 0);
}

async function latest(said) {
  // What comes late must not take the place of what is newer: a lift would look like a warning again.
  const shelf = await caches.open(SHELF);
  const name = `/public/pushed/${said.id}`;
  const kept = await (await shelf.match(name))?.json();
  if (kept && rank(kept) >= rank(said)) return kept;
  await shelf.put(name, new Response(JSON.stringify(said), { headers: { "content-type": "application/json" } }));
  await forget(shelf);
  return said;
}

async function forget(shelf) {
  for (const request of await shelf.keys()) {
    const old = await (await shelf.match(request)).json();
    if (Date.parse(old.expires) + 86400000 < Date.now()) await shelf.delete(request);
  }
}

async function tell(token) {
  await new Promise((done) => setTimeout(done, Math.random() * SPREAD_MS));
  const body = JSON.stringify({ token });
  await fetch("/api/v1/push/shown", { method: "POST", headers: { "content-type": "application/json" }, body }).catch(() => null);
}

async function open(url) {
  const there = (await self.clients.matchAll({ type: "window" })).find((client) => new URL(client.url).pathname === new URL(url, location.href).pathname);
  return there ? there.focus() : self.clients.openWindow(url);
}

async function renewed(event) {
  const before = event.oldSubscription;
  if (!before) return;
  const after = event.newSubscription ?? (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: before.options.applicationServerKey }));
  const { endpoint, keys } = after.toJSON();
  const body = JSON.stringify({ before: before.endpoint, endpoint, keys });
  await fetch("/api/v1/push/subscriptions:move", { method: "POST", headers: { "content-type": "application/json" }, body });
}
