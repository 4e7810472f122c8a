// Listens for one account as long as a page is open: connects again when the line breaks, and asks now and then,
// because a word can be lost on a line that looks whole. It shows nothing and decides nothing.

import { serverNow } from "./clock.js";
import { DeviceSocket, REVOKED } from "./device_socket.js";
import { look, read, readNotice } from "./questions.js";

const CHECK_EVERY = 20_000;
const FIRST_WAIT = 5_000;
const LONGEST_WAIT = 60_000;

// `state`: "off" "connecting" "online" "away". Events: state; request (detail: a verified question), once for each
// challenge; closed (detail: {challenge, state, and what else the server tells}); notice (detail: news of the account's
// protection, see questions.js), once for each; revoked, after which it is off.
export class Listener extends EventTarget {
  state = "off";
  #account;
  #socket = null;
  #wait = FIRST_WAIT;
  #nextTry = 0;
  #nextCheck = 0;
  #isHeard = false;
  #asked = new Map();
  #noted = new Set();
  #onReturn = () => document.hidden || this.#hurry();

  constructor(account) {
    super();
    this.#account = account;
  }

  start() {
    if (this.state !== "off") return;
    addEventListener("online", this.#onReturn);
    document.addEventListener("visibilitychange", this.#onReturn);
    this.#connect();
  }

  stop() {
    removeEventListener("online", this.#onReturn);
    document.removeEventListener("visibilitychange", this.#onReturn);
    this.#hangUp();
    this.#become("off");
  }

  // Tells the waiting page that a person has the question on screen.
  seen({ challenge }) {
    if (this.state === "online") this.#socket.say({ t: "seen", challenge });
  }

  #connect() {
    this.#hangUp();
    this.#become("connecting");
    const socket = openSocket(this.#account);
    if (!socket) return this.#lost();
    this.#socket = socket;
    socket.addEventListener("ready", () => this.#ready());
    socket.addEventListener("message", ({ detail }) => this.#hear(detail));
    socket.addEventListener("end", ({ detail }) => this.#ended(socket, detail));
  }

  #hangUp() {
    clearTimeout(this.#nextTry);
    clearInterval(this.#nextCheck);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #ready() {
    this.#wait = FIRST_WAIT;
    this.#isHeard = true;
    this.#nextCheck = setInterval(() => this.#check(), CHECK_EVERY);
    this.#become("online");
  }

  #ended(socket, code) {
    if (code === REVOKED) this.#revoked();
    else if (socket === this.#socket) this.#lost();
  }

  #lost() {
    this.#hangUp();
    this.#become("away");
    // At random, so that a server that comes back does not meet all its devices in one second.
    this.#nextTry = setTimeout(() => this.#connect(), Math.random() * this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  // Back on the network or back before somebody's eyes: nobody waits for a timer now.
  #hurry() {
    this.#wait = FIRST_WAIT;
    if (this.state === "online") this.#ask();
    else if (this.state === "away") this.#connect();
  }

  // A line on which nothing came back since the last time is dead, whatever the browser believes.
  #check() {
    if (!this.#isHeard) return this.#lost();
    this.#isHeard = false;
    this.#socket.say({ t: "ping" });
    this.#ask();
  }

  async #ask() {
    const known = [...this.#asked.keys()];
    try {
      const { questions, notices } = await look(this.#account);
      this.#compare(known, questions);
      for (const notice of notices) this.#note(notice);
    } catch (error) {
      // Silence is for the line to notice.
      if (error.code === "revoked") this.#revoked();
    }
  }

  #compare(known, questions) {
    if (this.state === "off") return;
    for (const question of questions) this.#tellQuestion(question);
    const still = questions.map(({ challenge }) => challenge);
    for (const challenge of known) if (!still.includes(challenge)) this.#close({ challenge, state: "over" });
  }

  async #hear(message) {
    this.#isHeard = true;
    if (message.t === "closed") this.#close(message);
    if (message.t === "notice") this.#note(readNotice(this.#account, message));
    if (message.t === "request") this.#tellQuestion(await read(this.#account, message, serverNow(this.#account)));
  }

  // null is what did not fit; it is never shown.
  #tellQuestion(question) {
    if (question === null || this.#asked.has(question.challenge)) return;
    this.#asked.set(question.challenge, "open");
    this.#tell("request", question);
  }

  #note(notice) {
    if (this.state === "off" || notice === null || this.#noted.has(notice.notice)) return;
    this.#noted.add(notice.notice);
    this.#tell("notice", notice);
  }

  #close({ t: _, ...news }) {
    if (this.#asked.get(news.challenge) === "over") return;
    this.#asked.set(news.challenge, "over");
    this.#tell("closed", news);
  }

  #revoked() {
    if (this.state === "off") return;
    this.stop();
    this.#tell("revoked");
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.#tell("state", state);
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

function openSocket(account) {
  try {
    return new DeviceSocket(account);
  } catch {
    // Some browsers refuse sockets by policy, with an exception; then the page lives by asking alone.
    return null;
  }
}
