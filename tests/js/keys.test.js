// Keys made here cannot be read, and nothing that is no signature passes for one.

import assert from "node:assert/strict";
import { test } from "node:test";

import { makeKeys, sign, verify } from "../../static/js/lib/keys.js";

const frame = new TextEncoder().encode("what is signed");
const keys = await makeKeys();
const signature = await sign(keys.privateKey, frame);

test("d31 a private key cannot be exported", async () => {
  assert.equal(keys.privateKey.extractable, false);
  for (const format of ["pkcs8", "jwk", "raw"]) {
    await assert.rejects(crypto.subtle.exportKey(format, keys.privateKey));
  }
});

test("a key signs what its public half verifies, in 65 and 64 bytes", async () => {
  assert.equal(keys.publicKey.length, 65);
  assert.equal(signature.length, 64);
  assert.equal(await verify(keys.publicKey, frame, signature), true);
});

for (const [what, spoil] of [
  ["another frame", (good) => ({ ...good, frame: frame.slice(1) })],
  ["a short signature", (good) => ({ ...good, signature: signature.slice(1) })],
  ["an empty signature", (good) => ({ ...good, signature: new Uint8Array() })],
  ["zeros for a signature", (good) => ({ ...good, signature: new Uint8Array(64) })],
  ["no key", (good) => ({ ...good, publicKey: new Uint8Array(65) })],
  ["a key that is cut off", (good) => ({ ...good, publicKey: keys.publicKey.slice(1) })],
]) {
  test(`${what} does not verify`, async () => {
    const spoiled = spoil({ publicKey: keys.publicKey, frame, signature });
    assert.equal(await verify(spoiled.publicKey, spoiled.frame, spoiled.signature), false);
  });
}
