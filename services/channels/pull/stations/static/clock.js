// The time: ours, put right by what the server says. A device whose clock is wrong must not take a warning for expired.
const WRONG_MS = 120_000;
const NAME = "yutian.station.offset";
const forms = {
  clock: { hour: "2-digit", minute: "2-digit", hour12: false },
  seconds: { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false },
  day: { year: "numeric", month: "long", day: "numeric", weekday: "long" },
  short: { month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false },
};

let offset = Number(localStorage.getItem(NAME)) || 0;

export function now() {
  return Date.now() + offset;
}

export function heed(serverTime) {
  const said = Date.parse(serverTime);
  if (!Number.isFinite(said)) return;
  const found = said - Date.now();
  if (Math.abs(found - offset) < 1000) return;
  offset = found;
  try {
    localStorage.setItem(NAME, String(found));
  } catch {
    // Then it is learnt anew after a reload.
  }
}

export function wrong() {
  return Math.abs(offset) > WRONG_MS;
}

export function stamp(at = now()) {
  return new Date(at).toISOString();
}

// What a person sees is Beijing time, whatever the device thinks of where it is.
export function said(at, form, language) {
  const moment = typeof at === "string" ? Date.parse(at) : at;
  if (!Number.isFinite(moment)) return "";
  const locale = language === "zh" ? "zh-CN" : "en-GB";
  return new Intl.DateTimeFormat(locale, { ...forms[form], timeZone: "Asia/Shanghai" }).format(moment);
}

// Minutes since midnight in Beijing.
export function minuteOfDay(at = now()) {
  return (Math.floor(at / 60_000) + 480) % 1440;
}

export function dayOf(at = now()) {
  return new Date(at + 480 * 60_000).toISOString().slice(0, 10);
}

export function within({ begin, end }, at = now()) {
  const [from, to, minute] = [minutes(begin), minutes(end), minuteOfDay(at)];
  return from <= to ? from <= minute && minute < to : minute >= from || minute < to;
}

export function minutes(hour) {
  const [h, m] = hour.split(":").map(Number);
  return h * 60 + m;
}
