// The board: told of every change by the stream, it fetches itself anew and colours the map.
import { District } from "./map.js";

const LEAST_MS = 400;
const board = document.getElementById("board");
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
  const open = new Set([...board.querySelectorAll("details[open] summary")].map((one) => one.firstChild.textContent));
  const focused = board.contains(document.activeElement) ? document.activeElement.firstChild?.textContent : null;
  board.innerHTML = answer.html;
  for (const summary of board.querySelectorAll("summary")) {
    if (open.has(summary.firstChild.textContent)) summary.parentElement.open = true;
    if (focused === summary.firstChild.textContent) summary.focus();
  }
  places = new Map(Object.entries(answer.places));
  district?.colour(places, "aside");
}

const stream = new EventSource(board.dataset.stream);
stream.addEventListener("progress", renew);
renew();
