// The way to the house, in one mode: a stream that goes on where it broke, a long poll where streams do not get
// through, and what is told back. Nothing here knows what a warning is.
import { now } from "./clock.js";

const SILENCE_MS = 45_000;
const HELLO_MS = 10_000;
const POLLED_MS = 600_000;
const LONGEST_PAUSE_MS = 30_000;
const AT_ONCE = 100;
const NEVER_TAKEN = new Set([400, 409, 413, 422]);

export class Link {
  constructor({ code, key, mode, cursor, onEntry, onCursor, onState, onTime }) {
    Object.assign(this, { code, key, mode, cursor, onEntry, onCursor, onState, onTime });
    this.state = "connecting";
    this.heard = 0;
    this.failures = 0;
    this.pollUntil = 0;
    this.wake = null;
    this.abort = new AbortController();
  }

  path(what) {
    return `/api/v1/stations/${encodeURIComponent(this.code)}/${what}`;
  }

  headers(more = {}) {
    return { authorization: `Bearer ${this.key}`, ...more };
  }

  async run() {
    for (;;) {
      try {
        await (Date.now() < this.pollUntil ? this.poll() : this.stream());
        this.failures = 0;
      } catch (error) {
        this.#lost(error);
      }
      await this.#pause();
    }
  }

  // Try at once, or leave what seems to be there: the browser says that the network has changed.
  again() {
    if (this.wake) this.wake();
    else this.abort.abort();
  }

  async stream() {
    const silence = this.#watch(HELLO_MS);
    try {
      const headers = this.headers({ accept: "text/event-stream", "last-event-id": String(this.cursor()) });
      const reply = await fetch(this.path("stream"), { headers, signal: this.abort.signal, cache: "no-store" });
      this.#admitted(reply);
      let greeted = false;
      for await (const event of events(reply.body, () => silence.renew(greeted ? SILENCE_MS : HELLO_MS))) {
        this.#alive();
        if (event.kind === "hello") {
          greeted = true;
          silence.renew(SILENCE_MS);
          this.#online(event.data);
        } else {
          await this.onEntry(event.data, this);
        }
        if (event.id !== null) this.onCursor(event.id);
      }
      if (!greeted) throw new Error("the stream ended before it began");
    } catch (error) {
      if (silence.ran && this.state !== "online") this.pollUntil = Date.now() + POLLED_MS;
      throw error;
    } finally {
      silence.end();
    }
  }

  async poll() {
    const wait = this.state === "online" ? 25 : 0;
    const page = await this.ask(`alerts?after=${this.cursor()}&wait=${wait}`, null, (wait + 20) * 1000);
    this.#online(page);
    for (const entry of page.data) await this.onEntry(entry, this);
    this.onCursor(page.next);
  }

  // Ask something and return the answer; `body` makes it a POST.
  async ask(what, body = null, patience = 20_000) {
    const signal = AbortSignal.any([this.abort.signal, AbortSignal.timeout(patience)]);
    const post = body && { method: "POST", body: JSON.stringify(body) };
    const headers = this.headers(body ? { "content-type": "application/json" } : {});
    const reply = await fetch(this.path(what), { headers, signal, cache: "no-store", ...post });
    if (!reply.ok) throw new Refusal(reply.status, await reply.json().catch(() => ({})));
    const answer = await reply.json();
    this.onTime(answer.server_time);
    this.#alive();
    return answer;
  }

  // Tell what is queued; what was told leaves the queue, what is refused for good does too.
  async tell(memory) {
    if (this.telling || !(memory.facts.length || memory.backs.length)) return;
    this.telling = true;
    try {
      while (memory.facts.length) {
        const some = memory.facts.slice(0, AT_ONCE);
        await this.#told(some);
        const told = new Set(some);
        memory.facts = memory.facts.filter((one) => !told.has(one));
        memory.save();
      }
      await this.#tellBacks(memory);
    } finally {
      this.telling = false;
    }
  }

  async #tellBacks(memory) {
    while (memory.backs.length) {
      try {
        await this.ask("backs", memory.backs[0]);
      } catch (error) {
        if (!(error instanceof Refusal && NEVER_TAKEN.has(error.status))) throw error;
      }
      memory.backs.shift();
      memory.save();
    }
  }

  // Where facts are refused for good, each goes by itself: a bad one holds up no other.
  async #told(facts) {
    try {
      await this.#report(facts);
    } catch (error) {
      if (!(error instanceof Refusal && NEVER_TAKEN.has(error.status))) throw error;
      if (facts.length > 1) for (const one of facts) await this.#told([one]);
    }
  }

  async #report(facts) {
    const bySequence = ({ sequence, fact, at, by }) => ({ sequence, fact, at, by });
    const byName = ({ warning_id, revision, fact, at, by }) => ({ warning_id, revision, fact, at, by });
    const answer = await this.ask("reports", { reports: facts.map(bySequence) });
    const unknown = answer.unknown.map((place) => facts[place]).filter((one) => one.kind !== "halt");
    if (unknown.length) await this.ask("reports", { reports: unknown.map(byName) });
  }

  #admitted(reply) {
    if (reply.ok) return;
    throw new Refusal(reply.status, {});
  }

  #online(said) {
    this.onTime(said.server_time);
    this.failures = 0;
    this.#alive();
    this.#be("online");
  }

  #alive() {
    this.heard = now();
  }

  #lost(error) {
    this.failures += 1;
    this.#be(error instanceof Refusal && [401, 403].includes(error.status) ? "refused" : "offline");
  }

  #be(state) {
    if (this.state === state) return;
    this.state = state;
    this.onState(state, this);
  }

  async #pause() {
    this.abort = new AbortController();
    if (!this.failures && this.state === "online" && Date.now() < this.pollUntil) return;
    const most = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** Math.min(this.failures, 6));
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, most * (0.5 + Math.random() / 2));
      this.wake = () => (clearTimeout(timer), resolve());
    });
    this.wake = null;
  }

  #watch(ms) {
    const controller = this.abort;
    const watch = { ran: false, end: () => clearTimeout(watch.timer) };
    watch.renew = (patience) => {
      clearTimeout(watch.timer);
      watch.timer = setTimeout(() => {
        watch.ran = true;
        controller.abort();
      }, patience);
    };
    watch.renew(ms);
    return watch;
  }
}

export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `refused: ${status}`);
    this.status = status;
    this.problem = problem;
  }

}

// Read server-sent events from the body of an answer. `onBytes` hears of every sign of life, comments too.
export async function* events(body, onBytes) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    onBytes();
    rest += value;
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      const event = parsed(rest.slice(0, end));
      rest = rest.slice(end + 2);
      if (event) yield event;
    }
  }
}

function parsed(block) {
  const event = { kind: "message", data: "", id: null };
  for (const line of block.split("\n")) {
    const [, name, value] = /^(\w*):? ?(.*)$/.exec(line) ?? [];
    if (name === "event") event.kind = value;
    if (name === "data") event.data += value;
    if (name === "id") event.id = Number(value);
  }
  return event.data ? { ...event, data: JSON.parse(event.data) } : null;
}
