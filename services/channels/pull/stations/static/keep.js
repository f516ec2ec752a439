// What this browser keeps of the station: who it is, what it knows, how it is set. All of it has an end.
const NAME = "yutian.station";

let working = true;

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

function write(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
    working = true;
  } catch {
    working = false;
  }
}

export const keep = {
  get works() {
    return working;
  },
  credentials: () => read(`${NAME}.credentials`),
  signIn(credentials) {
    write(`${NAME}.credentials`, credentials);
    write(`${NAME}.pending`, null);
    return credentials;
  },
  // Keys that a code has brought and that nobody has accepted yet.
  pending: () => read(`${NAME}.pending`),
  pend: (credentials) => write(`${NAME}.pending`, credentials),
  settings: () => read(`${NAME}.settings`) ?? {},
  set(changes) {
    write(`${NAME}.settings`, { ...keep.settings(), ...changes });
  },
  memory: (code, mode) => read(`${NAME}.${code}.${mode}`),
  remember: (code, mode, memory) => write(`${NAME}.${code}.${mode}`, memory),
  // What the house said of the station last; it holds without network.
  about: () => read(`${NAME}.about`),
  learn: (about) => write(`${NAME}.about`, about),
  terminal() {
    const known = keep.settings().terminal;
    if (known) return known;
    const made = `screen-${Math.random().toString(36).slice(2, 8)}`;
    keep.set({ terminal: made });
    return made;
  },
  signOut() {
    for (const name of Object.keys(localStorage)) if (name.startsWith(NAME)) localStorage.removeItem(name);
  },
};
