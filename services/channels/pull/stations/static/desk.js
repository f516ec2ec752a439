// What people do at the screen: confirm, report back, look back, set the volume, answer the sound test.
import * as clock from "./clock.js";
import * as face from "./face.js";
import { keep } from "./keep.js";
import { inForce } from "./memory.js";

const $ = (id) => document.getElementById(id);
const { words, fill } = face;
const MOST_NAMES = 8;
const NOTE_MS = 600_000;
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

// A name as it was typed or pasted, without what nobody sees and no house takes.
function nameIn(typed) {
  return typed.replace(UNSEEN, "").trim();
}

export class Desk {
  constructor(station) {
    this.station = station;
    this.item = null;
    this.noted = null;
    $("confirm").addEventListener("submit", (event) => this.#confirm(event));
    $("missed-seen").addEventListener("click", () => ($("missed").hidden = true));
    $("allow-sound").addEventListener("click", () => station.sound.open());
    for (const button of document.querySelectorAll("dialog .close")) {
      button.addEventListener("click", () => button.closest("dialog").close());
    }
    this.#past();
    this.#back();
    this.#settings();
    this.#test();
  }

  // ---- the warning that is shown

  about(item) {
    const changed = item?.key !== this.item?.key;
    this.item = item;
    if (!item) return;
    if (changed) $("by").value = keep.settings().names?.[0] ?? this.station.about?.duty_name ?? "";
    const name = item.by && item.facts.confirmed ? item.by : null;
    $("confirm").hidden = Boolean(name) || item.kind === "halt";
    $("confirmed").hidden = !name;
    if (name) this.#confirmed(item);
    $("open-back").hidden = !inForce(item);
    if (changed && !name) $("confirm-button").focus({ preventScroll: true });
  }

  #confirmed(item) {
    const queued = this.station.memory(item.mode).facts.some((one) => one.warning_id === item.warning_id && one.fact === "confirmed");
    const text = fill(words.confirmed, { name: item.by, time: face.time(item.facts.confirmed) });
    $("confirmed").textContent = `${text}${queued ? words.waiting : words.told}`;
    $("confirmed").dataset.told = queued ? "no" : "yes";
  }

  told() {
    if (this.item?.facts.confirmed && this.item.by) this.#confirmed(this.item);
  }

  #confirm(event) {
    event.preventDefault();
    const by = nameIn($("by").value);
    if (!by) {
      $("by").focus();
      this.note(words.name_missing);
      return;
    }
    this.#remember(by);
    const { item } = this;
    this.station.fact(item, "confirmed", by);
    this.station.show();
  }

  #remember(name) {
    const known = (keep.settings().names ?? []).filter((one) => one !== name);
    keep.set({ names: [name, ...known].slice(0, MOST_NAMES) });
    this.#names();
  }

  #names() {
    const names = new Set([...(keep.settings().names ?? []), this.station.about?.duty_name].filter(Boolean));
    $("names").replaceChildren(...[...names].map((name) => Object.assign(document.createElement("option"), { value: name })));
  }

  // ---- bars

  linked(state, since) {
    face.link(state, words[state]);
    const away = state !== "online" && state !== "connecting";
    face.bar("offline", away && since ? fill(words.offline_since, { time: face.time(since) }) : away ? words.never : null);
    face.bar("refused", state === "refused" ? words.key_refused : null);
  }

  note(text) {
    this.noted = { text, until: Date.now() + NOTE_MS };
    this.#notes();
  }

  #notes() {
    if (this.noted && this.noted.until < Date.now()) this.noted = null;
    const told = [this.noted?.text, clock.wrong() && words.time_wrong, !keep.works && words.not_kept];
    told.push(!this.station.keys.live && words.only_drill);
    face.bar("notes", told.filter(Boolean).join(" ") || null);
  }

  learnt(found) {
    $("station-name").textContent = found.name;
    $("s-code").textContent = found.code;
    $("s-terminal").textContent = keep.terminal();
    const keys = this.station.trust.map((key) => fill(words.trusted, { key: key.key_id, print: key.sha256.slice(0, 16) }));
    $("s-keys").textContent = keys.join("; ") || words.no_keys;
    $("volume").value = this.station.alarm.volume();
    $("volume-said").textContent = `${$("volume").value} %`;
    this.#names();
  }

  // ---- history and settings

  #past() {
    $("open-past").addEventListener("click", () => {
      face.list("past", this.station.past());
      $("past-dialog").showModal();
    });
  }

  #settings() {
    $("open-settings").addEventListener("click", () => $("settings-dialog").showModal());
    $("volume").addEventListener("input", () => {
      keep.set({ volume: Number($("volume").value) });
      $("volume-said").textContent = `${$("volume").value} %`;
    });
    $("try-sound").addEventListener("click", () => this.#play());
    $("sign-out").addEventListener("click", () => ($("sign-out-sure").hidden = false));
    $("sign-out-yes").addEventListener("click", () => {
      keep.signOut();
      location.reload();
    });
  }

  // ---- the sound test of the day

  #test() {
    for (const [id, heard] of [["test-yes", true], ["test-no", false]]) {
      $(id).addEventListener("click", () => this.#answer(heard));
    }
    $("test-again").addEventListener("click", () => this.#play());
  }

  async #play() {
    await this.station.alarm.test(words.test_spoken);
  }

  tick(now) {
    this.#notes();
    const { tested, asked, heard, heardAt } = keep.settings();
    const test = this.station.about?.rules.test;
    const today = clock.dayOf(now);
    const late = test ? clock.minuteOfDay(now) - clock.minutes(test.at) : -1;
    const due = test && late >= 0 && tested !== today && !this.station.standing().length;
    if (due && late > test.wait_min) {
      // Who was asked and did not answer is told of; who came later than that was not asked.
      if (asked === today) this.#answer(null);
      else keep.set({ tested: today });
    } else if (due && asked !== today) {
      keep.set({ asked: today });
      this.#play();
    }
    $("test").hidden = !due || late > test.wait_min;
    const last = (heard ?? null) === null ? "" : fill(heard ? words.test_heard : words.test_unheard, { time: face.time(heardAt) });
    if ($("test-last").textContent !== last) $("test-last").textContent = last;
  }

  async #answer(heard) {
    keep.set({ tested: clock.dayOf(), heard, heardAt: clock.now() });
    $("test").hidden = true;
    const body = { heard, at: clock.stamp(), volume: this.station.alarm.volume(), by: keep.settings().names?.[0] ?? null };
    await this.station.main.ask("sound-tests", body).catch(() => this.note(words.test_due));
    this.station.beat();
  }

  // ---- the report back

  #back() {
    $("open-back").addEventListener("click", () => {
      $("back-by").value = keep.settings().names?.[0] ?? "";
      $("back-fault").hidden = true;
      $("back-dialog").showModal();
    });
    $("back-form").addEventListener("submit", (event) => this.#report(event));
  }

  async #report(event) {
    event.preventDefault();
    const form = new FormData($("back-form"));
    const number = (name) => (form.get(name) === "" ? null : Number(form.get(name)));
    const text = (name) => nameIn(form.get(name));
    if (!text("by")) return this.#backFault(words.name_missing);
    this.#remember(text("by"));
    const { warning_id, revision, mode } = this.item;
    const body = { warning_id, revision, at: clock.stamp(), by: text("by"), relayed: form.get("relayed") === "on" };
    Object.assign(body, { reached: number("reached"), missed: number("missed"), help: text("help") });
    Object.assign(body, { road_cut: form.get("road-cut") === "on" || Boolean(text("road")), road_where: text("road") });
    try {
      await this.station.links.find((one) => one.mode === mode).ask("backs", body);
      $("back-dialog").close();
      this.note(fill(words.back_sent, { time: face.time(clock.now()) }));
    } catch (error) {
      if (error.status) return this.#backFault(fill(words.back_failed, { why: error.message }));
      // The line is down: it is kept here, and told when the line is back.
      this.station.memory(mode).back(body);
      $("back-dialog").close();
      this.note(words.back_kept);
    }
  }

  #backFault(text) {
    $("back-fault").textContent = text;
    $("back-fault").hidden = false;
  }
}
