// Loads the page anew when it has not started, or has stood still: a screen that nobody watches must mend itself.
(() => {
  const PATIENCE_MS = 90_000;
  window.stationAlive = Date.now();
  setInterval(() => {
    if (Date.now() - window.stationAlive > PATIENCE_MS) location.reload();
  }, 15_000);
})();
