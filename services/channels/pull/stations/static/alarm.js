// Who sounds when: the gravest that nobody has confirmed, red until somebody does. A drill has sounds of its own.
import { within } from "./clock.js";
import { graver, inForce } from "./memory.js";

const FAILED_S = 2;

export class Alarm {
  constructor({ sound, voice, items, volume, onPlayed, onState }) {
    Object.assign(this, { sound, voice, items, volume, onPlayed, onState });
    this.rules = null;
    this.current = null;
    this.rung = Promise.resolve();
    this.ring = () => {};
    this.pausedUntil = new Map();
  }

  // Something changed: what should not sound any more is silenced at once, what is graver comes first.
  refresh() {
    const next = this.#next();
    if (this.current && this.current !== next && !this.#goesOn(this.current, next)) {
      this.sound.stop();
      this.voice.stop();
    }
    this.ring();
  }

  #goesOn(current, next) {
    return this.#wanted(current) && (!next || graver(current, next) <= 0);
  }

  async run() {
    for (;;) {
      const item = this.#next();
      if (!item) {
        this.#be(null);
        await this.#until(this.#rest());
      } else {
        this.#be(item);
        await this.#round(item).catch(() => this.#pause(item, FAILED_S));
      }
    }
  }

  #be(item) {
    this.current = item;
    this.onState(item);
  }

  #wanted(item) {
    const limit = inForce(item) ? this.rules.rounds[item.level] : 1;
    return !item.confirmed && this.items().includes(item) && (limit === 0 || item.rounds < limit);
  }

  #next() {
    if (!this.rules || this.testing) return null;
    const ready = this.items().filter((one) => this.#wanted(one) && (this.pausedUntil.get(one.key) ?? 0) <= Date.now());
    return ready.sort(graver)[0] ?? null;
  }

  #rest() {
    const waits = [...this.pausedUntil.values()].map((until) => until - Date.now()).filter((ms) => ms > 0);
    return Math.min(60_000, ...waits);
  }

  async #round(item) {
    const percent = this.percent(item.level);
    const { alarms, tones, pause_s } = this.rules;
    const name = inForce(item) ? alarms[item.mode][item.level] : alarms.ended;
    const quiet = percent <= 0;
    const heard = quiet ? false : await this.sound.round(tones[name], percent);
    if (heard) this.onPlayed(item);
    if (heard || quiet) item.rounds += 1;
    if (heard && this.#stands(item)) await this.voice.say(item.spoken, percent);
    const blocked = !heard && !quiet && this.sound.state !== "allowed";
    this.#pause(item, blocked ? 2 : heard || quiet ? pause_s[item.level] ?? 10 : 0);
  }

  // After its last round an item is not wanted, yet its words belong to that round.
  #stands(item) {
    return !item.confirmed && this.items().includes(item);
  }

  #pause(item, seconds) {
    for (const [key, until] of this.pausedUntil) if (until < Date.now()) this.pausedUntil.delete(key);
    if (seconds > 0) this.pausedUntil.set(item.key, Date.now() + seconds * 1000);
  }

  #until(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.ring = () => (clearTimeout(timer), resolve());
    });
  }

  // How loud a colour is now: what people chose, kept between the floors and, at night, the ceilings.
  percent(level) {
    const { volume, night } = this.rules;
    let percent = Math.max(this.volume(), volume.floor[level] ?? 0);
    if (within(night)) percent = Math.min(Math.max(percent, night.floor[level] ?? 0), night.most[level] ?? 100);
    return percent;
  }

  // The test of the day: soft tones and two words, and no alarm meanwhile.
  async test(words) {
    this.testing = true;
    this.sound.stop();
    this.voice.stop();
    const percent = Math.max(this.volume(), this.rules.volume.test);
    try {
      const heard = await this.sound.round(this.rules.tones[this.rules.alarms.test], percent);
      if (heard) await this.voice.say(words, percent);
      return heard;
    } finally {
      this.testing = false;
      this.ring();
    }
  }
}
