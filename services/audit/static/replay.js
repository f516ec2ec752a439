// The replay: one answer holds every change of every place; the slider says which moment is shown.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 420;
const LONGEST_WAIT = 1200;
const SHORTEST_WAIT = 40;
const CALM_WAIT = 1000;

const root = document.getElementById("replay");
const slider = document.getElementById("step");
const play = document.getElementById("play");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const words = new Map();
const letters = new Map();
for (const row of document.querySelectorAll("#legend [data-state]")) {
  letters.set(row.dataset.state, row.dataset.letter);
  words.set(row.dataset.state, row.querySelector("th").lastChild.textContent.trim());
}

function make(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

async function got(address) {
  const reply = await fetch(address);
  if (!reply.ok) throw new Error(`${address} answered ${reply.status}`);
  return reply.json();
}

// The last change that is not later than the moment.
function stateAt(changes, ms) {
  let found = "absent";
  for (const [since, state] of changes) {
    if (since > ms) break;
    found = state;
  }
  return found;
}

// Several targets may lie in one place, as a town has several gateways: the map shows the one least far.
const WORST = ["failed", "silent", "withdrawn", "waiting", "received", "played", "confirmed", "absent"];

class District {
  constructor(element, villages, towns) {
    const corners = villages.features.concat(towns.features).flatMap((one) => one.geometry.coordinates[0]);
    const [west, east] = [Math.min(...corners.map((c) => c[0])), Math.max(...corners.map((c) => c[0]))];
    const [south, north] = [Math.min(...corners.map((c) => c[1])), Math.max(...corners.map((c) => c[1]))];
    const across = Math.cos(((south + north) / 2) * (Math.PI / 180));
    const scale = WIDTH / ((east - west) * across);
    this.put = ([lon, lat]) => [((lon - west) * across * scale).toFixed(1), ((north - lat) * scale).toFixed(1)];
    const height = Math.ceil((north - south) * scale);
    this.svg = make("svg", { viewBox: `-4 -4 ${WIDTH + 8} ${height + 8}`, role: "img" });
    this.svg.setAttribute("aria-label", root.dataset.of);
    this.patterns();
    this.cells = new Map();
    for (const one of towns.features) this.cell(one, "town-cell");
    for (const one of villages.features) this.cell(one, "village");
    for (const one of towns.features) {
      make("path", { d: this.ring(one), class: "outline" }, this.svg);
      const [x, y] = this.put(one.properties.point);
      make("text", { x, y, class: "town-name" }, this.svg).textContent = one.properties.name;
    }
    element.replaceChildren(this.svg);
  }

  patterns() {
    const defs = make("defs", {}, this.svg);
    const shapes = {
      silent: ["path", { d: "M0 6L6 0" }],
      failed: ["path", { d: "M0 0L6 6M6 0L0 6" }],
      withdrawn: ["circle", { cx: 3, cy: 3, r: 1.2 }],
    };
    for (const [state, [name, attributes]] of Object.entries(shapes)) {
      const pattern = make("pattern", { id: `p-${state}`, width: 6, height: 6, patternTransform: "scale(0.7)", patternUnits: "userSpaceOnUse" }, defs);
      make("rect", { width: 6, height: 6 }, pattern);
      make(name, attributes, pattern);
    }
  }

  ring(feature) {
    return `M${feature.geometry.coordinates[0].map((c) => this.put(c).join(" ")).join("L")}Z`;
  }

  cell(feature, kind) {
    const { code, name, point } = feature.properties;
    const path = make("path", { d: this.ring(feature), class: `${kind} s-absent` }, this.svg);
    const title = make("title", {}, path);
    title.textContent = name;
    const [x, y] = this.put(point);
    const letter = kind === "village" ? make("text", { x, y: Number(y) + 2, class: "letter" }, this.svg) : null;
    this.cells.set(code, { path, title, name, kind, letter, state: "absent" });
  }

  // Colour every place; one of which nothing is known was not meant.
  show(states, townsOnly) {
    for (const [code, cell] of this.cells) {
      const state = states.get(code) ?? "absent";
      if (cell.kind === "village" && townsOnly) cell.path.setAttribute("display", "none");
      if (cell.state === state) continue;
      cell.state = state;
      cell.path.setAttribute("class", `${cell.kind} s-${state}`);
      cell.title.textContent = words.has(state) ? `${cell.name}: ${words.get(state)}` : cell.name;
      if (cell.letter) cell.letter.textContent = letters.get(state) ?? "";
    }
  }
}

class Replay {
  constructor(told) {
    this.told = told;
    this.begin = Date.parse(told.approved_at);
    this.squares = new Map();
    for (const square of document.querySelectorAll("[data-target]")) this.squares.set(square.dataset.target, square);
    this.townsOnly = told.tracks.length > 0 && told.tracks.every((one) => one.place === null || one.place.length === 9);
    this.timer = 0;
    slider.addEventListener("input", () => this.show(Number(slider.value)));
    slider.addEventListener("change", () => this.say());
    play.addEventListener("click", () => (this.timer ? this.pause() : this.play()));
    root.querySelector(".slider").hidden = false;
  }

  get step() {
    return Number(slider.value);
  }

  show(step) {
    const ms = this.told.moments[step];
    const states = new Map();
    const counts = new Map([...letters.keys()].map((state) => [state, 0]));
    for (const one of this.told.tracks) {
      const state = stateAt(one.changes, ms);
      counts.set(state, (counts.get(state) ?? 0) + 1);
      this.square(one, state);
      if (one.place === null) continue;
      const before = states.get(one.place) ?? "absent";
      if (WORST.indexOf(state) < WORST.indexOf(before)) states.set(one.place, state);
    }
    this.district?.show(states, this.townsOnly);
    for (const [state, count] of counts) {
      const cell = document.getElementById(`count-${state}`);
      if (cell) cell.textContent = count.toLocaleString("en");
    }
    this.tell(ms);
    for (const town of document.querySelectorAll(".town")) {
      const good = town.querySelectorAll(".s-received, .s-played, .s-confirmed").length;
      town.querySelector(".good-count").textContent = good;
    }
  }

  square(one, state) {
    const square = this.squares.get(one.target);
    if (!square || square.classList.contains(`s-${state}`)) return;
    square.className = `square s-${state}`;
    const said = `${square.dataset.name}: ${words.get(state)}`;
    square.title = said;
    square.firstElementChild.textContent = letters.get(state);
    square.lastElementChild.textContent = said;
  }

  tell(ms) {
    const at = new Date(this.begin + ms);
    const text = at.toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" });
    const clock = document.getElementById("clock");
    clock.textContent = text;
    clock.dateTime = at.toISOString();
    document.getElementById("after").textContent = `+${(ms / 1000).toLocaleString("en")} s`;
    document.getElementById("at").value = text.replace(" ", "T");
    slider.setAttribute("aria-valuetext", text);
  }

  // What changed is said when somebody stops, not at every step.
  say() {
    const told = [...letters.keys()].map((s) => `${words.get(s)} ${document.getElementById(`count-${s}`).textContent}`);
    document.getElementById("said").textContent = told.join(", ");
  }

  play() {
    if (this.step >= this.told.moments.length - 1) slider.value = 0;
    play.textContent = play.dataset.pause;
    this.show(this.step);
    this.next();
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = 0;
    play.textContent = play.dataset.play;
    this.say();
  }

  next() {
    if (this.step >= this.told.moments.length - 1) return this.pause();
    const now = this.told.moments[this.step];
    const speed = Number(document.getElementById("speed").value);
    let step = this.step + 1;
    if (calm.matches) while (step < this.told.moments.length - 1 && (this.told.moments[step] - now) / speed < CALM_WAIT) step += 1;
    const pause = (this.told.moments[step] - now) / speed;
    const least = calm.matches ? CALM_WAIT : SHORTEST_WAIT;
    this.timer = setTimeout(() => {
      slider.value = step;
      this.show(step);
      this.next();
    }, Math.max(least, Math.min(LONGEST_WAIT, pause)));
  }
}

const { warning, revision, channel } = root.dataset;
const replay = new Replay(await got(`/api/v1/audit/warnings/${warning}/outcomes?revision=${revision}&channel=${channel}`));
const shown = Number(slider.value);
replay.show(shown);
try {
  const cells = "/api/v1/registry/map.geojson?kind=";
  const [villages, towns] = await Promise.all([got(`${cells}villages`), got(`${cells}towns`)]);
  replay.district = new District(document.getElementById("district"), villages, towns);
} catch {
  const away = document.createElement("p");
  away.className = "hint";
  away.textContent = root.dataset.away;
  document.getElementById("district").replaceChildren(away);
}
replay.show(replay.step);
root.dataset.ready = "yes";
