// What is seen. Texts go in as text, never as markup; lists are bounded.
import { said } from "./clock.js";
import { inForce } from "./memory.js";

const $ = (id) => document.getElementById(id);
const language = document.body.dataset.language;
export const words = JSON.parse(document.body.dataset.words);
let marks = { drill: "", signal: "" };
const MOST_LISTED = 60;
const MOST_RECENT = 8;
const STEPS = 6;

// The words that go with every warning, as the rules have them.
export function mark(rules) {
  marks = rules.words;
}

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function time(at, form = "short") {
  return said(at, form, language);
}

export function view(name) {
  if (document.body.dataset.view !== name) document.body.dataset.view = name;
}

export function bar(id, text) {
  const element = $(id);
  if (element.textContent !== (text ?? "") && !element.children.length) element.textContent = text ?? "";
  element.hidden = !text;
}

export function tick(now) {
  const clock = time(now, "seconds");
  for (const id of ["clock", "head-clock"]) if ($(id).textContent !== clock) $(id).textContent = clock;
  const day = time(now, "day");
  if ($("day").textContent !== day) $("day").textContent = day;
}

export function link(state, text) {
  $("link").dataset.state = state;
  if ($("link-words").textContent !== text) $("link-words").textContent = text;
}

export function name(item) {
  const parts = { hazard: item.hazard_name ?? "", colour: words[item.level] ?? "" };
  const signal = (item.headline ?? item.title ?? "").includes(marks.signal);
  return fill(signal ? words.signal : words.product, parts).trim() || item.title;
}

// Show one item whole; `all` are those that stand.
export function warning(item, all, here, onChosen) {
  const drill = item.mode === "drill";
  document.body.dataset.level = inForce(item) ? item.level : "over";
  document.body.dataset.drill = drill ? "yes" : "no";
  $("warning").dataset.key = item.key;
  $("warning").dataset.level = inForce(item) ? item.level : "over";
  $("w-kind").textContent = (drill ? marks.drill : "") + words[item.kind];
  // Of what is over the word stands first and as large: nobody may read a lift as a warning, or the reverse.
  $("w-name").textContent = (drill ? marks.drill : "") + (inForce(item) ? "" : `${words[item.kind]} `) + name(item);
  $("w-headline").textContent = item.title ?? "";
  $("w-text").textContent = item.description ?? "";
  $("w-todo").textContent = item.instruction ?? "";
  $("w-todo-part").hidden = !item.instruction;
  $("w-sender").textContent = item.sender_name ?? "";
  $("w-sent").textContent = item.sent ? fill(words.sent, { time: time(item.sent) }) : "";
  $("w-until").textContent = inForce(item) ? fill(words.until, { time: time(item.expires) }) : "";
  trust(item.trust);
  others(item, all, onChosen);
  places(inForce(item) ? here : []);
  fit();
}

function trust({ state, why }) {
  $("w-trust").dataset.state = state;
  $("w-trust").textContent = state === "verified" ? words.verified : fill(words.unverified, { why: words.why[why] ?? why });
}

function others(item, all, onChosen) {
  const nav = $("others");
  nav.hidden = all.length < 2;
  const focused = document.activeElement?.dataset?.choice;
  nav.replaceChildren(
    ...all.slice(0, MOST_LISTED).map((one) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.choice = one.key;
      button.className = `other ${inForce(one) ? one.level : "over"}`;
      if (one.mode === "drill") button.classList.add("drill");
      if (one.key === item.key) button.setAttribute("aria-current", "true");
      button.textContent = `${one.mode === "drill" ? marks.drill : ""}${inForce(one) ? "" : `${words[one.kind]} `}${name(one)}`;
      line(button, "small", one.kind === "halt" ? "" : one.confirmed ? "✓" : words.open);
      button.addEventListener("click", () => onChosen(one));
      return button;
    }),
  );
  if (focused) nav.querySelector(`[data-choice="${CSS.escape(focused)}"]`)?.focus();
}

// What is known of this village. Of what nobody has said, nothing is shown.
function places(points) {
  $("here").hidden = !points.length;
  $("here-list").replaceChildren(
    ...points.slice(0, MOST_LISTED).map((point) => {
      const row = document.createElement("li");
      line(row, "strong", `${point.name}`);
      line(row, "span", words.kinds[point.kind] ?? "");
      const counts = [point.households && fill(words.households, { count: point.households })];
      counts.push(point.people && fill(words.people, { count: point.people }));
      line(row, "span", counts.filter(Boolean).join(" · "));
      line(row, "p", point.shelter && fill(words.shelter, { place: point.shelter }));
      line(row, "p", point.route && fill(words.route, { way: point.route }));
      return row;
    }),
  );
}

function line(parent, kind, text) {
  if (!text) return;
  const element = document.createElement(kind);
  element.textContent = text;
  parent.append(element, " ");
}

// Make the words smaller step by step until they fit; what still does not can be scrolled.
export function fit() {
  const box = $("words");
  for (let step = 0; step < STEPS; step += 1) {
    box.dataset.fit = String(step);
    if (box.scrollHeight <= box.clientHeight + 2) return;
  }
}

export function idle(calm, hint, items) {
  document.body.dataset.level = "none";
  document.body.dataset.drill = "no";
  if ($("calm-words").textContent !== calm) $("calm-words").textContent = calm;
  if ($("calm-hint").textContent !== hint) $("calm-hint").textContent = hint;
  list("recent", items.slice(0, MOST_RECENT));
  $("recent-none").hidden = items.length > 0;
}

export function list(id, items) {
  $(id).replaceChildren(...items.slice(0, MOST_LISTED).map(row));
}

function row(item) {
  const element = document.createElement("li");
  const over = ["cancel", "halt"].includes(item.kind);
  const state = over ? "" : item.outcome ? words.outcome[item.outcome] ?? "" : words.standing;
  const chip = document.createElement("span");
  chip.className = `level ${over ? "over" : item.level}`;
  chip.textContent = over ? words[item.kind] : words[item.level] ?? "";
  if (item.mode === "drill") line(element, "span", marks.drill);
  element.append(chip, " ");
  line(element, "strong", item.headline || item.title);
  const told = [time(item.sent ?? item.received), state];
  if (item.by) told.push(fill(words.confirmed, { name: item.by, time: time(item.facts.confirmed) }));
  line(element, "small", told.filter(Boolean).join(" · "));
  return element;
}

export function missed({ from, to, items, more }) {
  const text = items.length ? words.missed : words.missed_none;
  $("missed-words").textContent = fill(text, { from: time(from), to: time(to) });
  list("missed-list", items);
  if (more > 0) {
    const last = document.createElement("li");
    last.textContent = fill(words.more, { count: more });
    $("missed-list").append(last);
  }
  $("missed").hidden = false;
}
