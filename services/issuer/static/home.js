// The desk renews itself, unless somebody is reading or typing in what would change.
const live = document.getElementById("live");
const pace = Number(live.dataset.refresh) * 1000;

async function renew() {
  if (document.hidden || live.contains(document.activeElement)) return;
  try {
    const reply = await fetch("/", { headers: { accept: "text/html" } });
    if (reply.redirected || !reply.ok) return location.reload();
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    live.replaceChildren(...page.getElementById("live").children);
  } catch {
    // The next round asks again.
  }
}

setInterval(renew, pace);
document.addEventListener("desk-changed", renew);
document.addEventListener("visibilitychange", renew);
