// Clocks: how long something is still in force, how long ago it was approved.
document.documentElement.classList.add("scripted");

const zh = document.documentElement.lang.startsWith("zh");

function lasting(milliseconds) {
  const total = Math.max(0, Math.round(milliseconds / 1000));
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  if (hours) return zh ? `${hours}小时${minutes}分` : `${hours} h ${minutes} min`;
  if (minutes >= 10) return zh ? `${minutes}分钟` : `${minutes} min`;
  return zh ? `${minutes}分${seconds}秒` : `${minutes} min ${seconds} s`;
}

function tick() {
  for (const clock of document.querySelectorAll("time[data-until]")) {
    clock.textContent = lasting(Date.parse(clock.dataset.until) - Date.now());
  }
  for (const clock of document.querySelectorAll("time[data-since]")) {
    clock.textContent = lasting(Date.now() - Date.parse(clock.dataset.since));
  }
}

tick();
setInterval(tick, 1000);
document.getElementById("errors")?.focus();
