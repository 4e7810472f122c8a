// The frames of docs/protocol.md, byte for byte: what devices and the server sign. It knows no key and no network.
// Hashes are handed in, because the browser makes them asynchronously.

const LABELS = "kauth/v1/";
const LONGEST_FIELD = 0xffff;
const MOST_FIELDS = 0xff;
const CHECK_NUMBERS = 1_000_000n;

export class Malformed extends Error {
  code = "malformed";
}

export function b64(bytes) {
  const characters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(characters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// The one byte string that b64 turns into `text`; any other spelling of it is refused.
export function unb64(text) {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) {
    throw new Malformed("This is not base64url without padding.");
  }
  const bytes = bytesOf(atob(text.replaceAll("-", "+").replaceAll("_", "/")));
  if (b64(bytes) !== text) throw new Malformed("This is not the canonical base64url of its bytes.");
  return bytes;
}

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export function utf8(text) {
  // TextEncoder would quietly replace half a character, and something else would be signed than was meant.
  if (/\p{Surrogate}/u.test(text)) throw new Malformed("A text holds half a character.");
  return new TextEncoder().encode(text);
}

export function u64(number) {
  if (!Number.isSafeInteger(number) || number < 0) throw new Malformed("A time is not a whole number.");
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return bytes;
}

// F(label, f1..fn): lengths and count are part of it, so no two lists of fields share bytes.
export function frame(label, fields) {
  if (!label.startsWith(LABELS)) throw new Malformed(`A label begins with ${LABELS}.`);
  if (fields.length > MOST_FIELDS) throw new Malformed(`A frame has at most ${MOST_FIELDS} fields.`);
  return joined([lengthPrefixed(utf8(label)), Uint8Array.of(fields.length), ...fields.map(asField)]);
}

export function linkDevice({ origin, serverId, tokenHash, key, name, nonce }) {
  return frame("kauth/v1/link-device", [origin, serverId, tokenHash, key, name, nonce]);
}

export function linkServer({ origin, serverId, tokenHash, key, device, account, nonceDevice, nonceServer }) {
  const what = [tokenHash, key, device, account, nonceDevice, nonceServer];
  return frame("kauth/v1/link-server", [origin, serverId, ...what]);
}

export function linkCheck({ origin, serverId, tokenHash, key, nonceDevice, nonceServer }) {
  return frame("kauth/v1/link-check", [origin, serverId, tokenHash, key, nonceDevice, nonceServer]);
}

// The six digits that the device and the computer both show while linking, from the frame of linkCheck.
export async function checkNumber(bytes) {
  const hash = await sha256(bytes);
  const number = new DataView(hash.buffer).getBigUint64(0) % CHECK_NUMBERS;
  return String(number).padStart(6, "0");
}

export function wsDevice({ origin, serverId, device, nonceServer, nonceDevice }) {
  return frame("kauth/v1/ws-device", [origin, serverId, device, nonceServer, nonceDevice]);
}

export function wsServer({ origin, serverId, device, nonceDevice, nonceServer, time }) {
  return frame("kauth/v1/ws-server", [origin, serverId, device, nonceDevice, nonceServer, time]);
}

export function request({
  origin, serverId, challenge, device, account, purpose, match, created, expires, contextHash,
}) {
  const what = [challenge, device, account, purpose, match, created, expires, contextHash];
  return frame("kauth/v1/request", [origin, serverId, ...what]);
}

export function answer({
  origin, serverId, challenge, device, account, purpose, decision, number, expires, requestHash,
}) {
  const what = [challenge, device, account, purpose, decision, number, expires, requestHash];
  return frame("kauth/v1/answer", [origin, serverId, ...what]);
}

export function http({ origin, serverId, device, method, path, bodyHash, time, nonce }) {
  return frame("kauth/v1/http", [origin, serverId, device, method, path, bodyHash, time, nonce]);
}

function asField(value) {
  if (typeof value === "string") return lengthPrefixed(utf8(value));
  if (typeof value === "number") return lengthPrefixed(u64(value));
  if (value instanceof Uint8Array) return lengthPrefixed(value);
  throw new Malformed("A field of a frame is missing.");
}

function lengthPrefixed(bytes) {
  if (bytes.length > LONGEST_FIELD) throw new Malformed(`A field is longer than ${LONGEST_FIELD} bytes.`);
  return joined([Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function bytesOf(characters) {
  return Uint8Array.from(characters, (character) => character.charCodeAt(0));
}
