// The sheet: while somebody types, ask what it would become, and show that. Nothing is kept by this.
import { District, L } from "./map.js";
import { Drawing } from "./draw.js";

const PAUSE_MS = 300;
const form = document.getElementById("compose");
const towns = [...form.querySelectorAll("input[name=towns]")];
const words = [...form.querySelectorAll("#texts textarea")];
const made = document.getElementById("made");
const byHand = document.getElementById("by-hand");
const reach = document.getElementById("reach");
const signedOut = document.getElementById("signed-out");
let district = null;
let leaving = false;
let timer = 0;
let asked = 0;

function ticked() {
  const count = document.getElementById("ticked");
  if (count) count.textContent = towns.filter((town) => town.checked).length;
}

function soon() {
  ticked();
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE_MS);
}

async function ask() {
  const turn = ++asked;
  reach.classList.add("busy");
  try {
    const reply = await fetch(form.dataset.try, { method: "POST", body: new FormData(form) });
    if ((reply.status === 401 || reply.status === 403) && (await signedIn())) soon();
    if (reply.ok && turn === asked) show(await reply.json());
  } catch {
    // The page still holds every word; the next change asks again.
  } finally {
    if (turn === asked) reach.classList.remove("busy");
  }
}

// Look whether the session stands; signed in again in another tab, the form takes that session's token.
// One's own account is the lightest page that has one.
async function signedIn() {
  const reply = await fetch("/account", { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  signedOut.hidden = !reply.redirected;
  if (!reply.redirected) form.elements.csrf.value = page.querySelector("input[name=csrf]").value;
  return !reply.redirected;
}

// A session that has ended would cost every word: look before the form leaves.
async function leave(event) {
  if (leaving) return;
  event.preventDefault();
  if (!(await signedIn().catch(() => true))) return signedOut.scrollIntoView({ block: "center" });
  leaving = true;
  form.requestSubmit(event.submitter);
}

function show(answer) {
  for (const name of ["reach", "understood", "length", "looks"]) {
    const part = document.getElementById(name);
    if (part.dataset.shown !== answer[name]) part.innerHTML = answer[name];
    part.dataset.shown = answer[name];
  }
  replaceOthers(answer);
  byHand.hidden = !answer.by_hand;
  if (!answer.by_hand) fill(answer);
  for (const [name, value] of Object.entries(answer.defaults)) follow(form.elements[`slot-${name}`], value);
  colour(answer.villages);
  showCut(answer.cut);
}

// Who else warns there; a choice that somebody is making stays until the list itself changes.
function replaceOthers(answer) {
  const others = document.getElementById("others");
  const refs = answer.refs.join(" ");
  if (others.dataset.refs === refs) return;
  others.dataset.refs = refs;
  others.innerHTML = answer.others;
}

// Put the catalogue's words in, except where somebody is typing now.
function fill(answer) {
  for (const area of words) {
    if (area !== document.activeElement && area.name in answer.texts) area.value = answer.texts[area.name];
  }
  if (!words.includes(document.activeElement)) made.value = answer.made;
}

// A number that nobody touched follows the colour.
function follow(input, value) {
  if (!input || input.dataset.default === value) return;
  const untouched = input.value === input.dataset.default;
  input.dataset.default = value;
  if (untouched) {
    input.value = value;
    soon();
  }
}

function colour(villages) {
  const level = form.elements.level.value;
  for (const name of ["RED", "ORANGE", "YELLOW", "BLUE"]) form.classList.toggle(name, name === level);
  district?.colour(new Map(villages.map((code) => [code, "chosen"])));
  const icon = form.querySelector(".signal-head .signal");
  const label = form.querySelector(`input[name=level][value=${level}]`).parentElement.textContent.trim();
  if (!icon.classList.contains(level)) repaint(icon, level, label);
}

// What a shape has beyond the district's edge, which does not count.
let cutOff = null;
function showCut(shapes) {
  cutOff?.remove();
  cutOff = district && shapes.length
    ? L.geoJSON(shapes.map((geometry) => ({ type: "Feature", properties: {}, geometry })), { style: { className: "cut-off" }, interactive: false }).addTo(district.map)
    : null;
}

// The icon of another colour: its plate, shape, grade and word.
function repaint(icon, level, label) {
  const shape = form.querySelector(`input[name=level][value=${level}] + svg`).innerHTML;
  icon.setAttribute("class", `signal ${level}`);
  icon.querySelector(".mark").innerHTML = shape;
  icon.querySelector(".roman").textContent = { RED: "I", ORANGE: "II", YELLOW: "III", BLUE: "IV" }[level];
  icon.querySelector(".colour").textContent = document.documentElement.lang === "en" ? label : label[0];
}

function tickAll(yes) {
  for (const town of towns) town.checked = yes;
  soon();
}

form.addEventListener("submit", leave);
form.addEventListener("input", soon);
form.addEventListener("change", soon);
document.getElementById("all-towns")?.addEventListener("click", () => tickAll(true));
document.getElementById("no-town")?.addEventListener("click", () => tickAll(false));
document.getElementById("remake").addEventListener("click", () => {
  for (const area of words) area.value = "";
  soon();
});
for (const button of form.querySelectorAll("[data-hours]")) {
  button.addEventListener("click", () => {
    form.elements.end.value = `+${button.dataset.hours}`;
    soon();
  });
}

// A phrase goes where the cursor was; what is selected becomes the phrase that is to be saved.
let written = form.elements.description;
for (const area of words) {
  area.addEventListener("focus", () => (written = area));
  area.addEventListener("select", () => {
    form.elements["phrase-text"].value = area.value.slice(area.selectionStart, area.selectionEnd);
  });
}
for (const button of form.querySelectorAll("[data-phrase]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    written.setRangeText(button.dataset.phrase, written.selectionStart, written.selectionEnd, "end");
    written.focus();
    soon();
  });
}

// A place that was searched joins the list of names.
function add(name) {
  const { names } = form.elements;
  if (!names.value.split(/\s+/).includes(name)) names.value = `${names.value} ${name}`.trim();
  soon();
}
const find = document.getElementById("find");
const places = new Set([...document.querySelectorAll("#places option")].map((option) => option.value));
find.addEventListener("input", (event) => {
  event.stopPropagation();
  if (!places.has(find.value)) return;
  add(find.value);
  find.value = "";
});

for (const button of form.querySelectorAll("[data-group]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    add(button.dataset.group);
  });
}

// Keys: send, keep, and straight to each part of the sheet.
const PARTS = { 1: "begin", 2: "areas", 3: "headline", 4: "reach-title", 5: "looks-title" };
form.addEventListener("keydown", (event) => {
  const press = (value) => form.querySelector(`button[name=do][value=${value}]`).click();
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") press("submit");
  else if ((event.ctrlKey || event.metaKey) && event.key === "s") press("save");
  else if (event.altKey && PARTS[event.key]) document.getElementById(PARTS[event.key])?.focus();
  else return;
  event.preventDefault();
});

district = await District.open(document.getElementById("map"), {
  onTown(code) {
    const town = towns.find((one) => one.value === code);
    if (town) town.checked = !town.checked;
    soon();
  },
});
if (district) new Drawing(district, document.getElementById("shapes"), form.querySelector(".map-tools"), soon);
ask();
