// Tones from numbers: no file of anybody's. A browser that was not touched may refuse to sound; that is said.
export class Sound {
  constructor(onState) {
    this.onState = onState;
    this.playing = null;
    this.context = null;
  }

  get state() {
    if (!this.context) return "unset";
    return this.context.state === "running" ? "allowed" : "blocked";
  }

  // Ask for sound; without a touch some browsers refuse.
  async open() {
    try {
      if (!this.context || this.context.state === "closed") {
        this.context = new AudioContext();
        // It sounds without a touch: so it will after a reload.
        this.bornAllowed ??= this.context.state === "running" && !navigator.userActivation?.hasBeenActive;
        this.context.onstatechange = () => this.onState(this.state);
      }
      await Promise.race([this.context.resume(), new Promise((resolve) => setTimeout(resolve, 800))]);
    } catch {
      // Then it stays blocked.
    }
    this.onState(this.state);
    return this.state === "allowed";
  }

  // Sound one round; true when it was heard to its end, false when it was stopped or refused.
  async round({ wave, notes }, percent) {
    if (percent <= 0 || !(await this.open())) return false;
    this.stop();
    const { context } = this;
    const gain = context.createGain();
    gain.gain.value = (percent / 100) ** 1.5 * 0.6;
    gain.connect(context.destination);
    const begin = context.currentTime + 0.05;
    const voices = notes.map((note) => this.#note(gain, wave, begin, note));
    const length = Math.max(...notes.map(([, at, long]) => at + long));
    return new Promise((resolve) => {
      const end = (whole) => {
        clearTimeout(timer);
        for (const voice of voices) quietly(() => voice.disconnect());
        gain.disconnect();
        if (this.playing === end) this.playing = null;
        resolve(whole);
      };
      const timer = setTimeout(() => end(context.state === "running" && context.currentTime >= begin + length), (length + 0.3) * 1000);
      this.playing = end;
    });
  }

  #note(gain, wave, begin, [hertz, at, long]) {
    const { context } = this;
    const [voice, shape] = [context.createOscillator(), context.createGain()];
    voice.type = wave;
    voice.frequency.value = hertz;
    shape.gain.setValueAtTime(0, begin + at);
    shape.gain.linearRampToValueAtTime(1, begin + at + 0.02);
    shape.gain.setValueAtTime(1, begin + at + long - 0.04);
    shape.gain.linearRampToValueAtTime(0, begin + at + long);
    voice.connect(shape).connect(gain);
    voice.start(begin + at);
    voice.stop(begin + at + long);
    voice.onended = () => shape.disconnect();
    return voice;
  }

  stop() {
    this.playing?.(false);
  }
}

function quietly(act) {
  try {
    act();
  } catch {
    // It had ended by itself.
  }
}

const LONGEST_MS = 20_000;

// Speaks Chinese where the browser has a Chinese voice; another voice would make nonsense of it.
export class Voice {
  get able() {
    return Boolean(this.#voice());
  }

  #voice() {
    const all = globalThis.speechSynthesis?.getVoices() ?? [];
    const chinese = all.filter((one) => /^(zh|cmn)([-_](Hans[-_])?CN)?$/i.test(one.lang));
    return chinese.find((one) => one.localService) ?? chinese[0];
  }

  // Speak sentence by sentence: browsers cut long texts off.
  async say(text, percent) {
    const voice = this.#voice();
    if (!voice || percent <= 0) return false;
    this.stop();
    const turn = (this.turn = Symbol("turn"));
    for (const part of text.match(/[^。！？；\n]+[。！？；\n]*/g) ?? []) {
      if (this.turn !== turn) return false;
      await this.#part(voice, part, percent);
    }
    return this.turn === turn;
  }

  #part(voice, text, percent) {
    return new Promise((resolve) => {
      const said = new SpeechSynthesisUtterance(text);
      Object.assign(said, { voice, lang: voice.lang, rate: 0.95, volume: percent / 100 });
      const timer = setTimeout(resolve, LONGEST_MS);
      said.onend = said.onerror = () => (clearTimeout(timer), resolve());
      speechSynthesis.speak(said);
    });
  }

  stop() {
    this.turn = null;
    globalThis.speechSynthesis?.cancel();
  }
}
