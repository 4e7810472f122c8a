// One socket to the server, from its opening to its end (docs/protocol.md, section 4). Nothing that the server says
// counts before it has proved to be the one that this account was linked with.

import { learnTime } from "./clock.js";
import { b64, sha256, unb64, wsDevice, wsServer } from "./frames.js";
import { nonce, sign, verify } from "./keys.js";

export const REVOKED = 4403;

const PATH = "/ws/device/";
const SUBPROTOCOL = "kauth.device.v1";
const VERSION = 1;
const NONCE_SIZE = 32;
const HANDSHAKE = 10_000;

// Events: ready; message (detail: what the proved server said); end (detail: the close code), once and last.
export class DeviceSocket extends EventTarget {
  #account;
  #socket;
  #nonces = null;
  #isReady = false;
  #hasEnded = false;
  #handshake;
  #inOrder = Promise.resolve();

  constructor(account) {
    super();
    this.#account = account;
    this.#socket = new WebSocket(address(), SUBPROTOCOL);
    this.#handshake = setTimeout(() => this.close(), HANDSHAKE);
    this.#socket.addEventListener("message", ({ data }) => this.#queue(data));
    this.#socket.addEventListener("close", ({ code }) => this.#end(code));
  }

  say(message) {
    this.#socket.send(JSON.stringify(message));
  }

  // The end is now: on a dead line the browser would wait a minute for the other side's goodbye.
  close() {
    this.#socket.close();
    this.#end();
  }

  // Verifying takes its time: messages are heard one after the other, as they came.
  #queue(data) {
    this.#inOrder = this.#inOrder.then(() => this.#hasEnded || this.#hear(data)).catch(() => this.close());
  }

  async #hear(data) {
    const message = JSON.parse(data);
    if (message.t === "revoked") this.#end(REVOKED);
    else if (this.#isReady) this.#tell("message", message);
    else if (this.#nonces) await this.#believe(message);
    else await this.#prove(message);
  }

  async #prove(hello) {
    const isOurs = b64(await sha256(unb64(hello.server_key))) === b64(this.#account.serverId);
    if (hello.v !== VERSION || !isOurs) throw new TypeError("This is not the server of this account.");
    this.#nonces = { nonceServer: unb64(hello.nonce), nonceDevice: nonce(NONCE_SIZE) };
    const sig = await sign(this.#account.privateKey, wsDevice({ ...this.#place(), ...this.#nonces }));
    const { device } = this.#account;
    this.say({ t: "auth", device, nonce: b64(this.#nonces.nonceDevice), sig: b64(sig) });
  }

  async #believe(ready) {
    const frame = wsServer({ ...this.#place(), ...this.#nonces, time: ready.time });
    const isOurs = await verify(this.#account.serverKey, frame, unb64(ready.sig));
    if (ready.t !== "ready" || !isOurs) throw new TypeError("The server could not prove who it is.");
    clearTimeout(this.#handshake);
    await learnTime(this.#account, ready.time);
    this.#isReady = true;
    this.#tell("ready");
  }

  #place() {
    const { device, serverId } = this.#account;
    return { origin: location.origin, serverId, device };
  }

  #end(code) {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#handshake);
    this.#tell("end", code);
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

function address() {
  const found = new URL(PATH, location.origin);
  found.protocol = found.protocol === "https:" ? "wss:" : "ws:";
  return found;
}
