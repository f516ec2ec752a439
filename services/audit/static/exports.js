/* Lists are fetched as streams, with a bar: rows so far of about how many. Without it the links are downloads. */

const WORTH_KEEPING = 500_000; /* More rows than this do not go through the page's memory: the browser saves them. */

for (const box of document.querySelectorAll("[data-exports]")) {
  for (const link of box.querySelectorAll("a[download]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      fetchList(box, link);
    });
  }
}

async function fetchList(box, link) {
  const status = box.querySelector("[data-status]");
  const bar = box.querySelector("progress");
  const stop = box.querySelector("button");
  if (box.dataset.busy) return;
  box.dataset.busy = "yes";
  const control = new AbortController();
  stop.onclick = () => control.abort();
  bar.hidden = stop.hidden = false;
  bar.removeAttribute("value");
  say(status, box.dataset.preparing);
  try {
    await save(box, link, control, bar, status);
  } catch (error) {
    say(status, error.name === "AbortError" ? box.dataset.stopped : error.shown || box.dataset.broken);
  } finally {
    bar.hidden = stop.hidden = true;
    delete box.dataset.busy;
  }
}

async function save(box, link, control, bar, status) {
  const reply = await fetch(link.href, { signal: control.signal, credentials: "same-origin" });
  if (!reply.ok) throw await shown(reply, box);
  const estimated = Number(reply.headers.get("x-rows-estimated") || 0);
  const length = Number(reply.headers.get("content-length") || 0);
  if (estimated > WORTH_KEEPING) {
    control.abort();
    location.assign(link.href);
    say(status, box.dataset.left);
    return;
  }
  const lines = !link.href.includes(".xlsx");
  const { pieces, rows } = await read(reply, (seen, bytes) => {
    const total = lines ? estimated : length;
    const done = lines ? seen : bytes;
    if (total) {
      bar.max = total;
      bar.value = Math.min(done, total);
    }
    say(status, lines ? told(box, seen, estimated) : `${Math.round(bytes / 1024).toLocaleString()} kB`);
  });
  if (link.href.includes(".jsonl") && !(await ends(pieces))) throw { shown: box.dataset.broken };
  give(pieces, reply, link);
  say(status, lines ? `${box.dataset.done} ${told(box, Math.max(0, rows - 1), 0)}` : box.dataset.done);
}

async function read(reply, seen) {
  const reader = reply.body.getReader();
  const pieces = [];
  let rows = 0;
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { pieces, rows };
    pieces.push(value);
    bytes += value.length;
    for (const byte of value) if (byte === 10) rows += 1;
    seen(rows, bytes);
  }
}

async function ends(pieces) {
  const blob = new Blob(pieces.slice(-2));
  const tail = await blob.slice(Math.max(0, blob.size - 400)).text();
  return tail.trimEnd().split("\n").pop().startsWith('{"end":');
}

function give(pieces, reply, link) {
  const name = /filename="([^"]+)"/.exec(reply.headers.get("content-disposition") || "");
  const address = URL.createObjectURL(new Blob(pieces, { type: reply.headers.get("content-type") }));
  const made = document.createElement("a");
  made.href = address;
  made.download = name ? name[1] : link.download;
  made.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function told(box, rows, estimated) {
  const about = estimated ? ` / ${box.dataset.about} ${estimated.toLocaleString()}` : "";
  return `${rows.toLocaleString()}${about} ${box.dataset.rows}`;
}

function say(status, words) {
  status.textContent = words;
}

async function shown(reply, box) {
  try {
    const body = await reply.json();
    return { shown: [body.detail, body.mend].filter(Boolean).join(" · ") };
  } catch {
    return { shown: `${box.dataset.broken} (${reply.status})` };
  }
}
