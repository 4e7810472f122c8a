// Listens at a socket for "changed" and asks meanwhile. The bell carries no decision: whoever hears it reads the
// state by HTTP. Rings also by the clock, because a socket can be blocked and a bell can get lost.

const ASK_WHILE_DEAF = 2_000;
const ASK_WHILE_LISTENING = 5_000;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;
const STEADY_AFTER = 10_000;
// WebSocket.OPEN, but by its number: where sockets are blocked the class may be no class any more.
const OPEN = 1;

export class Doorbell {
  #path;
  #onRing;
  #socket = null;
  #openedAt = 0;
  #failures = 0;
  #running = false;
  #nextAsk = 0;
  #nextTry = 0;

  constructor(path, onRing) {
    this.#path = path;
    this.#onRing = onRing;
    // An open socket keeps a page out of the back-forward cache, and a page in it must not hold one.
    addEventListener("pagehide", () => this.#rest());
    addEventListener("pageshow", (event) => event.persisted && this.#running && this.#wake());
    addEventListener("online", () => this.#running && this.#wake());
    document.addEventListener("visibilitychange", () => !document.hidden && this.#running && this.#wake());
  }

  // The page has just come, with all that there was to say.
  start() {
    this.#running = true;
    this.#connect();
    this.#askLater();
  }

  stop() {
    this.#running = false;
    this.#rest();
  }

  #wake() {
    this.#failures = 0;
    if (!this.#socket) this.#connect();
    this.#ring();
  }

  #rest() {
    clearTimeout(this.#nextAsk);
    clearTimeout(this.#nextTry);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #ring() {
    this.#askLater();
    this.#onRing();
  }

  #askLater() {
    clearTimeout(this.#nextAsk);
    const listening = this.#socket?.readyState === OPEN;
    this.#nextAsk = setTimeout(() => this.#ring(), listening ? ASK_WHILE_LISTENING : ASK_WHILE_DEAF);
  }

  #connect() {
    clearTimeout(this.#nextTry);
    const socket = openSocket(this.#path);
    if (!socket) return;
    this.#socket = socket;
    socket.addEventListener("open", () => this.#opened(socket));
    socket.addEventListener("message", (event) => this.#heard(socket, event.data));
    socket.addEventListener("close", () => this.#lost(socket));
  }

  #opened(socket) {
    if (socket !== this.#socket) return;
    this.#openedAt = Date.now();
    // What happened before the socket was open the server tells now; that it can be reached again, the page asks.
    if (this.#failures) this.#ring();
    else this.#askLater();
  }

  #heard(socket, text) {
    if (socket === this.#socket && isChanged(text)) this.#ring();
  }

  #lost(socket) {
    if (socket !== this.#socket) return;
    if (this.#openedAt && Date.now() - this.#openedAt > STEADY_AFTER) this.#failures = 0;
    this.#openedAt = 0;
    this.#socket = null;
    this.#nextTry = setTimeout(() => this.#connect(), waitBeforeTry(this.#failures));
    this.#failures += 1;
    this.#ring();
  }
}

function openSocket(path) {
  const address = new URL(path, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  try {
    return new WebSocket(address);
  } catch {
    // Some browsers refuse sockets by policy, with an exception; then the page lives by asking alone.
    return null;
  }
}

function isChanged(text) {
  try {
    return JSON.parse(text).t === "changed";
  } catch {
    return false;
  }
}

function waitBeforeTry(failures) {
  const wait = Math.min(FIRST_WAIT * 2 ** failures, LONGEST_WAIT);
  return wait * (0.5 + Math.random() / 2);
}
