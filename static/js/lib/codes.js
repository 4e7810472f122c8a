// The 30-second codes of RFC 6238 (SHA-1, six digits): made here, without a network.

const PERIOD = 30;
const DIGITS = 6;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export async function code(secret, unixSeconds) {
  const step = Math.floor(unixSeconds / PERIOD);
  const mac = await hmac(secret, step);
  return { code: truncated(mac), secondsLeft: (step + 1) * PERIOD - Math.floor(unixSeconds) };
}

// The bytes of a secret as the server hands it out: base32 (RFC 4648), without padding.
export function secretOf(base32) {
  const bits = Array.from(base32, (letter) => {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) throw new TypeError("This is not base32.");
    return value.toString(2).padStart(5, "0");
  }).join("");
  const bytes = bits.match(/.{8}/g) ?? [];
  return Uint8Array.from(bytes, (byte) => parseInt(byte, 2));
}

async function hmac(secret, step) {
  const hash = { name: "HMAC", hash: "SHA-1" };
  const key = await crypto.subtle.importKey("raw", secret, hash, false, ["sign"]);
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(step));
  return new DataView(await crypto.subtle.sign("HMAC", key, counter.buffer));
}

// RFC 4226, section 5.3: the last four bits say where the code's bytes begin.
function truncated(mac) {
  const offset = mac.getUint8(mac.byteLength - 1) & 0xf;
  const number = mac.getUint32(offset) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, "0");
}
