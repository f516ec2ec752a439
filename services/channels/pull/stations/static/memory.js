// What a screen knows in one mode, folded from the station's sequence and kept in the browser.
// The same entry twice, late or out of order comes to the same: a revision that was ended never returns.
export const RANK = { RED: 1, ORANGE: 2, YELLOW: 3, BLUE: 4 };
const MOST_STANDING = 60;
const MOST_PAST = 100;
const MOST_ENDED = 400;
const MOST_FACTS = 500;
const KEPT = ["warning_id", "revision", "kind", "mode", "identifier", "hazard", "hazard_name", "level", "title", "headline"];
KEPT.push("description", "instruction", "speech", "sender_name", "sent", "expires");
const KEPT_OF_ALL = ["cursor", "standing", "past", "ended", "facts", "backs", "refused"];
const MOST_BACKS = 50;
const IN_FORCE = new Set(["alert", "update"]);
const RECENT_MS = 3_600_000;

export class Memory {
  constructor(mode, keep = () => {}) {
    this.mode = mode;
    this.keep = keep;
    this.cursor = 0;
    this.standing = [];
    this.past = [];
    this.ended = {};
    this.facts = [];
    this.backs = [];
    this.refused = 0;
  }

  static of(mode, kept, keep) {
    const memory = new Memory(mode, keep);
    if (kept?.mode === mode) {
      for (const name of KEPT_OF_ALL) memory[name] = kept[name] ?? memory[name];
    }
    return memory;
  }

  save() {
    this.keep(Object.fromEntries(["mode", ...KEPT_OF_ALL].map((name) => [name, this[name]])));
  }

  // Take one entry, already examined; return what became of it and the item that it stands for.
  take(entry, trust, now) {
    if (entry.kind === "summary") return { verdict: "summary", items: this.#summary(entry, now) };
    if (entry.mode !== this.mode) return this.refuse("foreign-mode");
    const key = `${entry.warning_id}/${entry.revision}/${entry.kind}`;
    const known = this.#find(key);
    if (known) {
      if (known.sequence !== entry.sequence) this.#retell(known, entry.sequence);
      const again = this.standing.includes(known) && IN_FORCE.has(known.kind) && !known.confirmed;
      return { verdict: again ? "again" : "known", item: known };
    }
    const item = { key, sequence: entry.sequence, trust, received: now, facts: {}, rounds: 0 };
    for (const name of KEPT) item[name] = entry[name] ?? null;
    return { verdict: this.#place(item, now), item };
  }

  // The same revision under another number: somebody asks again, or the house was set back. It is told again.
  #retell(item, sequence) {
    item.sequence = sequence;
    for (const [fact, at] of Object.entries(item.facts)) this.#queue(item, fact, at, item.by);
  }

  refuse(why) {
    this.refused += 1;
    return { verdict: "refused", why };
  }

  #find(key) {
    return this.standing.find((one) => one.key === key) ?? this.past.find((one) => one.key === key);
  }

  #place(item, now) {
    const { warning_id, revision, kind } = item;
    const stood = this.standing.some((one) => one.warning_id === warning_id);
    if (IN_FORCE.has(kind) && revision <= (this.ended[warning_id] ?? 0)) return this.#shelve(item, "ended");
    this.#end(warning_id, kind === "halt" ? revision : revision - 1, item);
    if (Date.parse(item.expires) <= now && IN_FORCE.has(kind)) return this.#shelve(item, "expired");
    const fresh = Date.parse(item.sent ?? "") > now - RECENT_MS;
    if (!IN_FORCE.has(kind) && !stood && !fresh) return this.#shelve(item, kind);
    this.standing.push(item);
    this.standing.sort(graver);
    for (const one of this.standing.splice(MOST_STANDING)) this.#shelve(one, "crowded");
    return "shown";
  }

  #end(warning_id, revision, by) {
    if (revision > (this.ended[warning_id] ?? 0)) this.ended[warning_id] = revision;
    const names = Object.keys(this.ended);
    for (const name of names.slice(0, Math.max(0, names.length - MOST_ENDED))) delete this.ended[name];
    const outcome = { update: "updated", alert: "updated", cancel: "lifted", halt: "stopped" }[by.kind];
    const over = this.standing.filter((one) => one.warning_id === warning_id && one.revision <= revision && one !== by);
    for (const one of over) this.shelve(one, outcome);
  }

  // Move what stands to the history.
  shelve(item, outcome) {
    this.standing = this.standing.filter((one) => one !== item);
    this.#shelve(item, outcome);
  }

  #shelve(item, outcome) {
    item.outcome = outcome;
    this.past.unshift(item);
    this.past.splice(MOST_PAST);
    return outcome;
  }

  #summary(entry, now) {
    const found = [];
    for (const one of entry.items ?? []) {
      const key = `${one.warning_id}/${one.revision}/${one.kind}`;
      if (this.#find(key)) continue;
      const item = { key, ...one, mode: entry.mode, received: now, facts: {}, rounds: 0, trust: { state: "summary" } };
      this.#shelve(item, one.ended ? "ended" : "expired");
      found.push(item);
    }
    return found;
  }

  // Let what has run out leave the screen; return true when something did.
  sweep(now, liftedMin) {
    const out = this.standing.filter((one) =>
      IN_FORCE.has(one.kind) ? Date.parse(one.expires) <= now : one.received + liftedMin * 60_000 <= now,
    );
    for (const one of out) this.shelve(one, IN_FORCE.has(one.kind) ? "expired" : one.kind);
    return out.length > 0;
  }

  // Note a fact of an item, once, and queue it for the server.
  fact(item, fact, at, by) {
    if (item.facts[fact]) return false;
    item.facts[fact] = at;
    if (by) item.by = by;
    if (fact === "confirmed") item.confirmed = true;
    this.#queue(item, fact, at, by);
    return true;
  }

  // Keep what the village tells back until the line is there again.
  back(body) {
    this.backs.push(body);
    this.backs.splice(0, Math.max(0, this.backs.length - MOST_BACKS));
    this.save();
  }

  #queue({ sequence, warning_id, revision, kind }, fact, at, by) {
    const personal = fact === "confirmed" || fact === "acted";
    this.facts.push({ sequence, warning_id, revision, kind, fact, at, ...(personal && by ? { by } : {}) });
    while (this.facts.length > MOST_FACTS) {
      const least = this.facts.findIndex((one) => !one.by);
      this.facts.splice(Math.max(least, 0), 1);
    }
  }
}

export function inForce(item) {
  return IN_FORCE.has(item.kind);
}

// Warnings before lifts, live before drills, red first, then the newest.
export function graver(one, other) {
  const weight = (item) => [item.mode === "drill" ? 1 : 0, inForce(item) ? 0 : 1, RANK[item.level] ?? 5, item.confirmed ? 1 : 0];
  const [a, b] = [weight(one), weight(other)];
  const at = a.findIndex((each, place) => each !== b[place]);
  return at < 0 ? other.received - one.received : a[at] - b[at];
}
