// Lets somebody choose what this browser is told: the browser's push service, then our list of wishes.
const API = "/api/v1/push/subscriptions";
const form = document.querySelector("#wishes");
const texts = document.querySelector("#texts").dataset;
const stop = document.querySelector("#stop");

function say(id, words) {
  for (const other of ["cannot", "state"]) document.querySelector(`#${other}`).hidden = true;
  const place = document.querySelector(`#${id}`);
  place.textContent = words;
  place.hidden = false;
}

function able() {
  return "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
}

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.detail ?? String(answer.status));
  }
  return answer.status === 204 ? null : answer.json();
}

function key(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}

async function subscribed(registration) {
  const ours = await (await fetch("/api/v1/push/key", { cache: "no-store" })).json();
  const known = await registration.pushManager.getSubscription();
  if (known) {
    const used = known.options.applicationServerKey;
    if (used && btoa(String.fromCharCode(...new Uint8Array(used))) === btoa(String.fromCharCode(...key(ours.public_key)))) return known;
    await known.unsubscribe();
  }
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key(ours.public_key) });
}

function chosen(name) {
  return [...form.querySelectorAll(`input[name=${name}]:checked`)].map((box) => box.value);
}

async function keep() {
  const towns = chosen("town");
  if (towns.length === 0) return say("cannot", texts.noPlace);
  if ((await Notification.requestPermission()) !== "granted") return say("cannot", texts.denied);
  const registration = await navigator.serviceWorker.register("/public/worker.js", { scope: "/public" });
  await navigator.serviceWorker.ready.catch(() => null);
  let subscription;
  try {
    subscription = await subscribed(registration);
  } catch {
    return say("cannot", texts.unreachable);
  }
  const { endpoint, keys } = subscription.toJSON();
  await post(API, { endpoint, keys, towns, hazards: chosen("hazard"), lowest: form.lowest.value, language: form.dataset.language });
  stop.hidden = false;
  say("state", texts.kept);
}

async function end() {
  const registration = await navigator.serviceWorker.getRegistration("/public");
  const subscription = await registration?.pushManager.getSubscription();
  if (subscription) {
    await post(`${API}:remove`, { endpoint: subscription.endpoint });
    await subscription.unsubscribe();
  }
  stop.hidden = true;
  say("state", texts.ended);
}

async function begin() {
  if (!able()) return say("cannot", texts.unable);
  form.hidden = false;
  const registration = await navigator.serviceWorker.getRegistration("/public");
  const subscription = await registration?.pushManager.getSubscription();
  if (!subscription) return;
  const known = await post(`${API}:find`, { endpoint: subscription.endpoint }).catch(() => null);
  if (!known) return;
  for (const box of form.querySelectorAll("input[name=town]")) box.checked = known.towns.includes(box.value);
  for (const box of form.querySelectorAll("input[name=hazard]")) box.checked = known.hazards.includes(box.value);
  form.lowest.value = known.lowest;
  stop.hidden = false;
  say("state", texts.kept);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  keep().catch((error) => say("cannot", `${texts.failed} ${error.message}`));
});
stop.addEventListener("click", () => end().catch(() => say("cannot", texts.failed)));
document.querySelector("#all-towns").addEventListener("click", () => {
  for (const box of form.querySelectorAll("input[name=town]")) box.checked = true;
});
begin();
