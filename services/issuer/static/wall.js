// The wall: renewed on every change; says in red when it has heard nothing for a while.
const LOST_MS = 15_000;
const LEAST_MS = 1_000;
const main = document.getElementById("main");
const lost = document.getElementById("lost");
const clock = document.getElementById("now");
let heard = Date.now();
let busy = false;
let again = false;

async function renew() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const reply = await fetch("/wall?part=1");
    if (reply.redirected) return location.reload();
    if (reply.ok) {
      const key = document.activeElement?.dataset.key;
      main.innerHTML = await reply.text();
      if (key) main.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
      heard = Date.now();
    }
  } catch {
    // The clock below says so, and the next second asks again.
  }
  setTimeout(() => {
    busy = false;
    if (again) {
      again = false;
      renew();
    }
  }, LEAST_MS);
}

function tick() {
  clock.textContent = new Date().toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });
  const silent = Date.now() - heard > LOST_MS || !navigator.onLine;
  if (silent && lost.hidden) document.getElementById("asof").textContent = document.getElementById("at").textContent;
  lost.hidden = !silent;
  document.body.classList.toggle("is-lost", silent);
  if (silent) renew();
}

document.addEventListener("desk-changed", renew);
document.addEventListener("desk-beat", renew);
addEventListener("offline", tick);
addEventListener("online", renew);
setInterval(tick, 1000);
tick();
