// Every vector of docs/vectors.json, and what a frame refuses.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as frames from "../../static/js/lib/frames.js";
import { sign, verify } from "../../static/js/lib/keys.js";
import { bytes, checkNumber, hex, inputs, privateKey, vectors } from "./vectors.js";

const place = { origin: inputs.origin, serverId: bytes.server_id };
const ids = { device: inputs.device, account: inputs.account };
const nonces = { nonceDevice: bytes.nonce_device, nonceServer: bytes.nonce_server };
const offer = { ...place, tokenHash: await frames.sha256(bytes.token), key: bytes.device_key };
const asked = { ...place, ...ids, challenge: inputs.challenge, purpose: "login", expires: inputs.expires };

async function request(match) {
  const contextHash = await frames.sha256(frames.utf8(inputs.context));
  return frames.request({ ...asked, match, created: inputs.created, contextHash });
}

async function answer(match, decision, number) {
  const requestHash = await frames.sha256(await request(match));
  return frames.answer({ ...asked, decision, number, requestHash });
}

const built = {
  "link-device": frames.linkDevice({ ...offer, name: inputs.name, nonce: bytes.nonce_device }),
  "link-server": frames.linkServer({ ...offer, ...ids, ...nonces }),
  "link-check": frames.linkCheck({ ...offer, ...nonces }),
  "ws-device": frames.wsDevice({ ...place, ...ids, ...nonces }),
  "ws-server": frames.wsServer({ ...place, ...ids, ...nonces, time: inputs.time }),
  "request tap": await request("tap"),
  "request number": await request("number"),
  "answer approve, tap": await answer("tap", "approve", ""),
  "answer approve 47, number": await answer("number", "approve", "47"),
  "answer deny, tap": await answer("tap", "deny", ""),
  "answer report, number": await answer("number", "report", ""),
  "http GET": frames.http({
    ...place,
    device: inputs.device,
    method: "GET",
    path: "/device/v1/requests",
    bodyHash: await frames.sha256(new Uint8Array()),
    time: inputs.time,
    nonce: bytes.http_nonce,
  }),
};
const signedByServer = ["link-server", "ws-server", "request tap", "request number"];

test("every vector has its frame here", () => {
  assert.deepEqual(Object.keys(built).sort(), Object.keys(vectors).sort());
});

for (const [name, vector] of Object.entries(vectors)) {
  const who = signedByServer.includes(name) ? "server" : "device";

  test(`the frame "${name}" is the vector's, byte for byte`, async () => {
    assert.equal(hex(built[name]), vector.frame_hex);
    assert.equal(hex(await frames.sha256(built[name])), vector.sha256_hex);
  });

  // The check number's frame is shown in digits and never signed.
  if (vector.signature === null) continue;
  test(`the signature of "${name}" verifies, and one bit more does not`, async () => {
    const signature = frames.unb64(vector.signature);
    assert.equal(await verify(bytes[`${who}_key`], built[name], signature), true);
    signature[63] ^= 1;
    assert.equal(await verify(bytes[`${who}_key`], built[name], signature), false);
  });
}

test("what this signs is what the vectors' public key verifies", async () => {
  const signature = await sign(await privateKey("device"), built["http GET"]);
  assert.equal(await verify(bytes.device_key, built["http GET"], signature), true);
});

test("the check number is the vector's", async () => {
  assert.equal(await frames.checkNumber(built["link-check"]), checkNumber);
});

test("what b64 wrote, unb64 reads", () => {
  for (let size = 0; size < 70; size += 1) {
    const data = crypto.getRandomValues(new Uint8Array(size));
    assert.deepEqual(frames.unb64(frames.b64(data)), data);
  }
});

for (const text of ["QQ==", "QR", "Q", "Q+", "Q/", "QQ\n", " QQ", "QQé", "QQ=", undefined, 7]) {
  test(`unb64 refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => frames.unb64(text), frames.Malformed);
  });
}

for (const [why, label, fields] of [
  ["a foreign label", "other/v1/x", []],
  ["a field that is missing", "kauth/v1/x", [undefined]],
  ["half a character", "kauth/v1/x", ["\ud800"]],
  ["a long field", "kauth/v1/x", [new Uint8Array(0x10000)]],
  ["many fields", "kauth/v1/x", Array(256).fill("")],
  ["a time that is no whole number", "kauth/v1/x", [1.5]],
  ["a time before time", "kauth/v1/x", [-1]],
]) {
  test(`a frame refuses ${why}`, () => {
    assert.throws(() => frames.frame(label, fields), frames.Malformed);
  });
}
