// The bell: what waits for me rings, is counted on the tab and listed in a strip, on every page of the desk.
const bell = document.getElementById("bell");
if (bell) start();

function start() {
  const count = bell.querySelector(".count");
  const toggle = bell.querySelector("button");
  const strip = document.getElementById("rings");
  const icon = document.querySelector("link[rel=icon]");
  const plain = icon.href;
  const heard = new Set(JSON.parse(sessionStorage.getItem("heard") ?? "[]"));
  let wanted = localStorage.getItem("ring") !== "off";
  let rings = [];
  let rang = 0;
  let listed = "";
  let audio;

  // A browser makes no sound before somebody has touched the page.
  function unlock() {
    if (audio?.state === "running") return;
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume().then(describe);
    describe();
  }

  function describe() {
    const ready = audio?.state === "running";
    toggle.setAttribute("aria-pressed", String(wanted));
    toggle.textContent = !wanted ? bell.dataset.off : ready ? bell.dataset.on : bell.dataset.waits;
  }

  function sound(why) {
    if (!wanted || audio?.state !== "running") return false;
    const tones = {
      approval: [660, 880, 1100],
      suspension: [660, 880, 660],
      ending: [880, 660],
      spooled: [330, 330, 330],
      review: [440, 550],
    };
    (tones[why] ?? tones.approval).forEach((tone, place) => {
      const [wave, volume] = [audio.createOscillator(), audio.createGain()];
      const at = audio.currentTime + place * 0.22;
      wave.frequency.value = tone;
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(0.35, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, at + 0.2);
      wave.connect(volume).connect(audio.destination);
      wave.start(at);
      wave.stop(at + 0.21);
    });
    bell.dataset.rung = String(Number(bell.dataset.rung ?? 0) + 1);
    return true;
  }

  // New things ring at once; what still waits rings again after a while.
  function ring() {
    const fresh = rings.find((one) => !heard.has(one.key));
    const again = Date.now() - rang > Number(bell.dataset.every) * 1000;
    if (!rings.length || !(fresh || again)) return;
    if (!sound((fresh ?? rings[0]).why)) return;
    rang = Date.now();
    rings.forEach((one) => heard.add(one.key));
    sessionStorage.setItem("heard", JSON.stringify([...heard].slice(-200)));
  }

  function badge(number) {
    count.textContent = number;
    count.hidden = !number;
    const title = document.title.replace(/^\(\d+\) /, "");
    document.title = number ? `(${number}) ${title}` : title;
    const dot = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#12304f"/><circle cx="16" cy="16" r="11" fill="#e5232b" stroke="#fff" stroke-width="3"/></svg>`;
    icon.href = number ? `data:image/svg+xml,${encodeURIComponent(dot)}` : plain;
  }

  async function list() {
    const keys = rings.map((one) => one.key).join();
    if (keys === listed) return;
    try {
      const reply = await fetch(bell.dataset.part);
      if (!reply.ok || reply.redirected) return;
      strip.innerHTML = await reply.text();
      listed = keys;
    } catch {
      // The next beat asks again.
    }
  }

  function take(event) {
    const said = JSON.parse(event.data);
    rings = said.rings;
    badge(said.count);
    list();
    ring();
    document.dispatchEvent(new CustomEvent(event.type === "bell" ? "desk-changed" : "desk-beat"));
  }

  toggle.addEventListener("click", () => {
    wanted = !wanted || audio?.state !== "running";
    localStorage.setItem("ring", wanted ? "on" : "off");
    unlock();
    describe();
    if (wanted) setTimeout(() => sound("approval"), 100);
  });
  for (const touch of ["pointerdown", "keydown"]) {
    addEventListener(touch, (event) => toggle.contains(event.target) || unlock(), { capture: true });
  }
  const stream = new EventSource(bell.dataset.stream);
  stream.addEventListener("bell", take);
  stream.addEventListener("beat", take);
  setInterval(ring, 5000);
  if (navigator.userActivation?.hasBeenActive) unlock();
  describe();
}
