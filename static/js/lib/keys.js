// P-256 keys: made here, never to leave. WebCrypto makes the very signatures that the protocol wants, 64 bytes r || s.

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const SHA256 = { name: "ECDSA", hash: "SHA-256" };

export async function makeKeys() {
  const pair = await crypto.subtle.generateKey(P256, false, ["sign", "verify"]);
  const publicKey = await crypto.subtle.exportKey("raw", pair.publicKey);
  return { privateKey: pair.privateKey, publicKey: new Uint8Array(publicKey) };
}

export async function sign(privateKey, frame) {
  return new Uint8Array(await crypto.subtle.sign(SHA256, privateKey, frame));
}

// False for whatever is no key or no signature, like for one that does not fit.
export async function verify(publicKey, frame, signature) {
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, P256, false, ["verify"]);
    return await crypto.subtle.verify(SHA256, key, signature, frame);
  } catch {
    return false;
  }
}

export function nonce(size) {
  return crypto.getRandomValues(new Uint8Array(size));
}
