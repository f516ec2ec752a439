// The board: told of every change by the stream, it fetches itself anew and colours the map.
import { District } from "./map.js";

const LEAST_MS = 400;
const board = document.getElementById("board");
const silent = document.getElementById("silent");
const element = document.getElementById("map");
const names = JSON.parse(element.dataset.names);
let places = new Map();
let busy = false;
let again = false;

const district = await District.open(element, {
  onPlace: ({ name, code }) => `${name} ${names[places.get(code)] ?? ""}`,
});

async function renew() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const reply = await fetch(board.dataset.board);
    if (reply.ok) show(await reply.json());
  } catch {
    // The stream wakes us again.
  }
  setTimeout(() => {
    busy = false;
    if (again) {
      again = false;
      renew();
    }
  }, LEAST_MS);
}

function show(answer) {
  const opened = new Set([...silent.querySelectorAll("details[open]")].map((one) => one.dataset.town));
  const focused = document.activeElement?.closest("#silent details")?.dataset.town;
  board.innerHTML = answer.board;
  silent.innerHTML = answer.silent;
  document.getElementById("story").innerHTML = answer.story;
  for (const town of silent.querySelectorAll("details")) {
    town.open = opened.has(town.dataset.town);
    if (town.dataset.town === focused) town.querySelector("summary").focus();
  }
  const first = !places.size;
  places = new Map(Object.entries(answer.places));
  district?.colour(places, "aside");
  if (first) district?.focus(places);
}

document.addEventListener("desk-changed", renew);
const stream = new EventSource(board.dataset.stream);
stream.addEventListener("progress", renew);
renew();
