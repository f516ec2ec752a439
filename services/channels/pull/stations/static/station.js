// The station screen: it receives, verifies, shows, sounds and has somebody confirm, for days without anybody.
import * as clock from "./clock.js";
import * as face from "./face.js";
import { Alarm } from "./alarm.js";
import { Desk } from "./desk.js";
import { keep } from "./keep.js";
import { Link } from "./link.js";
import { graver, Memory } from "./memory.js";
import { about, signedIn } from "./sign_in.js";
import { Sound, Voice } from "./sound.js";
import { examine } from "./verify.js";
import { mindVersion, stayAwake, workOffline } from "./unattended.js";

const $ = (id) => document.getElementById(id);
const { words, fill } = face;
const BEAT_MS = 60_000;
const LEARN_MS = 600_000;
const TOLD_AGAIN_MS = 30_000;
const KEPT_BAR_MS = 1_800_000;
const SETTLED_MS = 1500;

class Station {
  constructor(credentials, sound) {
    Object.assign(this, credentials, { sound });
    this.about = keep.about();
    this.memories = Object.keys(this.keys).map((mode) => this.#memory(mode));
    this.links = this.memories.map((memory) => this.#link(memory));
    this.alarm = new Alarm({
      sound,
      voice: new Voice(),
      items: () => this.standing(),
      volume: () => keep.settings().volume ?? this.about?.rules.volume.usual ?? 80,
      onPlayed: (item) => this.fact(item, "played"),
      onState: (item) => (document.body.dataset.sounding = item ? `${item.mode} ${item.level}` : "no"),
    });
    this.desk = new Desk(this);
    this.chosen = null;
    this.away = null;
  }

  #memory(mode) {
    const memory = Memory.of(mode, keep.memory(this.code, mode), (kept) => keep.remember(this.code, mode, kept));
    for (const item of memory.standing) this.#spoken(item);
    return memory;
  }

  #link(memory) {
    const { mode } = memory;
    return new Link({
      code: this.code,
      key: this.keys[mode],
      mode,
      cursor: () => memory.cursor,
      onEntry: (entry) => this.take(entry, memory),
      onCursor: (sequence) => this.#reached(memory, sequence),
      onState: (_, link) => (link === this.main ? this.#linked() : this.tell()),
      onTime: clock.heed,
    });
  }

  get main() {
    return this.links.find((one) => one.mode === "live") ?? this.links[0];
  }

  memory(mode) {
    return this.memories.find((one) => one.mode === mode);
  }

  standing() {
    return this.memories.flatMap((one) => one.standing).sort(graver);
  }

  past() {
    const all = this.memories.flatMap((one) => [...one.standing, ...one.past]);
    return all.sort((a, b) => Date.parse(b.sent ?? 0) - Date.parse(a.sent ?? 0) || b.received - a.received);
  }

  async run() {
    const known = keep.settings().lastHeard;
    if (known) this.away = { from: known, items: [], more: 0 };
    if (this.about) this.#learnt(this.about);
    this.show();
    // What was learnt before will do: after a power cut without network nothing waits for an answer.
    const learning = this.learn();
    if (!this.about) await learning;
    for (const link of this.links) link.run();
    this.alarm.run();
    setInterval(() => this.#tick(), 1000);
    setInterval(() => this.beat(), BEAT_MS);
    setInterval(() => this.learn(), LEARN_MS);
    setInterval(() => this.tell(), TOLD_AGAIN_MS);
    for (const name of ["online", "offline"]) addEventListener(name, () => this.links.forEach((one) => one.again()));
  }

  // Take one entry: examine it first, so that nothing false is shown for a moment.
  async take(entry, memory) {
    const trust = entry.kind === "summary" ? null : await examine(entry, this.trust);
    if (trust?.state === "broken") {
      memory.refuse(trust.why);
      this.desk.note(fill(words.hidden, { why: words.why[trust.why] ?? trust.why }));
      return;
    }
    const { verdict, item, items, why } = memory.take(this.#signed(entry, trust), trust, clock.now());
    if (verdict === "refused") this.desk.note(fill(words.hidden, { why: words.why[why] }));
    if (this.away) this.#missed(verdict, item, items, entry);
    if (item) this.#received(item, trust, verdict);
    if (!this.settled && this.main.state === "online") this.#settle();
    this.show();
  }

  // What was signed is what is shown and spoken; what came beside it is not.
  #signed(entry, trust) {
    if (trust?.state !== "verified") return entry;
    const { drill } = this.about?.rules.words ?? { drill: "" };
    const title = (entry.mode === "drill" ? drill : "") + trust.signed.headline;
    return { ...entry, ...trust.signed, title };
  }

  #received(item, trust, verdict) {
    this.fact(item, "received");
    if (trust.state === "verified") this.fact(item, "verified");
    if (verdict === "shown") this.chosen = null;
    if (verdict === "again") item.rounds = 0;
    this.#spoken(item);
  }

  #spoken(item) {
    const mark = this.about?.rules.words;
    const whole = item.trust?.state === "verified" && mark;
    const before = whole ? [item.mode === "drill" && mark.drill_before, mark[item.kind]] : [];
    const after = whole && item.mode === "drill" ? mark.drill_after : "";
    const text = whole ? [item.headline, item.description, item.instruction].filter(Boolean).join("。\n") : item.speech ?? item.title ?? "";
    Object.defineProperty(item, "spoken", { value: [...before, text, after].filter(Boolean).join(""), configurable: true });
  }

  #missed(verdict, item, items, entry) {
    if (items) this.away.more += Math.max(0, entry.count - (entry.items ?? []).length);
    for (const one of items ?? (verdict === "known" || !item ? [] : [item])) {
      if (this.away.items.length < 50 && !this.away.items.includes(one)) this.away.items.push(one);
    }
  }

  fact(item, fact, by) {
    const memory = this.memory(item.mode);
    if (!memory.fact(item, fact, clock.stamp(), by)) return;
    memory.save();
    this.tell();
  }

  tell() {
    for (const link of this.links) {
      const memory = this.memory(link.mode);
      if (link.state === "online") link.tell(memory).then(() => this.desk.told()).catch(() => {});
    }
  }

  #reached(memory, sequence) {
    memory.cursor = sequence;
    memory.save();
    keep.set({ lastHeard: clock.now() });
  }

  #linked() {
    const { state, heard } = this.main;
    if (state === "online") {
      if (!this.about) this.learn();
      this.tell();
      this.beat();
      this.#settle();
    } else if (state !== "connecting") {
      clearTimeout(this.back);
      this.settled = false;
      this.away ??= { from: heard || keep.settings().lastHeard || clock.now(), items: [], more: 0 };
    }
    this.show();
  }

  // What was missed comes without a pause after the connection; when it pauses, everything has come.
  #settle() {
    clearTimeout(this.back);
    this.back = setTimeout(() => this.#returned(), SETTLED_MS);
  }

  #returned() {
    this.settled = true;
    const { from, items, more } = this.away ?? {};
    this.away = null;
    if (from && (items.length + more || clock.now() - from > BEAT_MS)) {
      face.missed({ from, to: clock.now(), items, more });
      clearTimeout(this.seen);
      this.seen = setTimeout(() => ($("missed").hidden = true), KEPT_BAR_MS);
    }
    this.show();
  }

  async beat() {
    const loud = this.sound.state === "allowed" && keep.settings().heard !== false;
    for (const link of this.links) {
      const memory = this.memory(link.mode);
      const body = { terminal: keep.terminal(), seq: memory.cursor, clock: new Date().toISOString() };
      Object.assign(body, { volume: loud ? this.alarm.volume() : 0, screen: "on", version: document.body.dataset.version });
      const answer = await link.ask("heartbeat", body).catch(() => null);
      if (answer?.behind && answer.last_sequence > memory.cursor && link.state === "online" && link.lag === answer.last_sequence) link.again();
      if (answer) link.lag = answer.last_sequence;
      if (answer) keep.set({ lastHeard: clock.now() });
    }
  }

  async learn() {
    try {
      const found = await about(this.code, this.keys[this.main.mode]);
      clock.heed(found.server_time);
      keep.learn(found);
      this.#learnt(found);
      mindVersion(found, () => this.standing().length > 0, this.sound);
    } catch {
      // What was learnt before still holds.
    }
  }

  #learnt(found) {
    this.about = found;
    face.mark(found.rules);
    this.alarm.rules = found.rules;
    for (const item of this.standing()) this.#spoken(item);
    this.alarm.refresh();
    this.desk.learnt(found);
    this.show();
  }

  #tick() {
    window.stationAlive = Date.now();
    const now = clock.now();
    face.tick(now);
    const swept = this.memories.filter((one) => one.sweep(now, this.about?.rules.lifted_min ?? 60));
    for (const memory of swept) memory.save();
    if (swept.length) this.show();
    this.desk.tick(now);
  }

  choose(item) {
    this.chosen = item;
    this.show();
  }

  // Show what is true now: the gravest of what stands, or the one that somebody has chosen.
  show() {
    const all = this.standing();
    if (!all.includes(this.chosen)) this.chosen = null;
    const item = this.chosen ?? all[0] ?? null;
    const { state, heard } = this.main;
    const since = this.away?.from ?? heard;
    this.desk.linked(state, since);
    $("drill").hidden = !(item?.mode === "drill");
    if (item) face.warning(item, all, this.about?.hazard_points ?? [], (one) => this.choose(one));
    else this.#calm(state, since);
    face.view(item ? "warning" : "idle");
    if (item) face.fit();
    this.desk.about(item);
    this.alarm.refresh();
  }

  #calm(state, since) {
    const online = state === "online" && this.settled;
    const hint = state === "online" ? "" : since ? fill(words.offline_since, { time: face.time(since) }) : words.never;
    face.idle(online ? words.none : words.unknown, hint, this.past());
  }
}

async function start() {
  const sound = new Sound((state) => {
    document.body.dataset.sound = state;
    $("allow-sound").hidden = state !== "blocked";
  });
  workOffline();
  stayAwake();
  let credentials = keep.credentials();
  if (!credentials) {
    face.view("sign-in");
    const alive = setInterval(() => (window.stationAlive = Date.now()), 5000);
    credentials = await signedIn(sound);
    clearInterval(alive);
  } else {
    sound.open();
  }
  for (const name of ["pointerdown", "keydown"]) {
    addEventListener(name, () => sound.state === "allowed" || sound.open(), { capture: true, passive: true });
  }
  await new Station(credentials, sound).run();
}

start();
