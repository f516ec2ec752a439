// Clocks: how long something is still in force, how long ago it was approved.
document.documentElement.classList.add("scripted");

const words = document.getElementById("clock-words").dataset;

function lasting(milliseconds) {
  const total = Math.max(0, Math.round(milliseconds / 1000));
  const parts = { h: Math.floor(total / 3600), m: Math.floor(total / 60) % 60, s: total % 60 };
  const pattern = parts.h ? words.hours : parts.m >= 10 ? words.minutes : words.seconds;
  return pattern.replace(/\{(\w)\}/g, (_, part) => parts[part]);
}

function tick() {
  for (const clock of document.querySelectorAll("time[data-until]")) {
    clock.textContent = lasting(Date.parse(clock.dataset.until) - Date.now());
  }
  for (const clock of document.querySelectorAll("time[data-since]")) {
    const gone = Date.now() - Date.parse(clock.dataset.since);
    clock.textContent = lasting(gone);
    if (clock.dataset.limit && gone > clock.dataset.limit * 1000) clock.closest("li")?.classList.add("late");
  }
}

tick();
setInterval(tick, 1000);
document.getElementById("errors")?.focus();
