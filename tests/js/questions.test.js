// Which sign-in requests are shown, and the bytes of their answers. Each refusal is the good request, one thing spoiled.

import assert from "node:assert/strict";
import { test } from "node:test";

import { b64, unb64 } from "../../static/js/lib/frames.js";
import { verify } from "../../static/js/lib/keys.js";
import { read, readNotice, signedAnswer } from "../../static/js/lib/questions.js";
import { account } from "./account.js";
import { bytes, hex, inputs, vectors } from "./vectors.js";

const message = {
  t: "request",
  challenge: inputs.challenge,
  purpose: "login",
  match: "tap",
  digits: 2,
  created: inputs.created,
  expires: inputs.expires,
  context: inputs.context,
  sig: vectors["request tap"].signature,
};
const number = { ...message, match: "number", sig: vectors["request number"].signature };
const now = inputs.created + 5;

test("a request that fits is read", async () => {
  const question = await read(account, message, now);
  assert.equal(hex(question.requestFrame), vectors["request tap"].frame_hex);
  assert.deepEqual(question.context, JSON.parse(inputs.context));
  assert.equal(question.account, account);
  assert.deepEqual([question.match, question.digits, question.expires], ["tap", 0, inputs.expires]);
});

test("a request with a number says how many digits it has", async () => {
  assert.equal((await read(account, number, now)).digits, 2);
});

function flipped(text) {
  const spoiled = unb64(text);
  spoiled[10] ^= 1;
  return b64(spoiled);
}

for (const [what, spoiled] of [
  ["another signature", { sig: flipped(message.sig) }],
  ["no signature", { sig: undefined }],
  ["the signature of another request", { sig: number.sig }],
  ["one byte more of context", { context: `${message.context} ` }],
  ["another login in its context", { context: message.context.replace("alice", "alicf") }],
  ["another challenge", { challenge: flipped(message.challenge) }],
  ["another purpose", { purpose: "reauth" }],
  ["another match", { match: "number" }],
  ["a longer life", { expires: message.expires + 1 }],
  ["a later beginning", { created: message.created + 1 }],
]) {
  test(`d11 d30 a request with ${what} is not shown`, async () => {
    assert.equal(await read(account, { ...message, ...spoiled }, now), null);
  });
}

for (const [whose, other] of [
  ["another device", { device: inputs.account }],
  ["another account", { account: inputs.device }],
  ["another server's key", { serverKey: bytes.device_key }],
  ["another server", { serverId: bytes.token }],
]) {
  test(`d30 a request for ${whose} is not shown`, async () => {
    assert.equal(await read({ ...account, ...other }, message, now), null);
  });
}

for (const [when, time, shown] of [
  ["a minute before it was made", message.created - 60, true],
  ["earlier than clocks may differ", message.created - 61, false],
  ["in its last second", message.expires - 1, true],
  ["when it is over", message.expires, false],
]) {
  test(`a request is ${shown ? "" : "not "}shown ${when}`, async () => {
    assert.equal((await read(account, message, time)) !== null, shown);
  });
}

for (const [what, spoiled] of [
  ["a challenge of another form", { challenge: "short" }],
  ["a purpose that is not known", { purpose: "payment" }],
  ["a match that is not known", { match: "color" }],
  ["seven digits", { match: "number", digits: 7 }],
  ["one digit", { match: "number", digits: 1 }],
  ["times that are no numbers", { created: String(message.created) }],
  ["no context", { context: undefined }],
]) {
  test(`a request with ${what} is refused before its signature is looked at`, async () => {
    assert.equal(await read(account, { ...message, ...spoiled }, now), null);
  });
}

for (const [vector, request, decision, digits] of [
  ["answer approve, tap", message, "approve", ""],
  ["answer approve 47, number", number, "approve", "47"],
  ["answer deny, tap", message, "deny", ""],
  ["answer report, number", number, "report", ""],
]) {
  test(`"${vector}" is signed as the vector has it`, async () => {
    const question = await read(account, request, now);
    const said = await signedAnswer(account, question, decision, digits);
    const frame = Uint8Array.from(Buffer.from(vectors[vector].frame_hex, "hex"));
    assert.equal(await verify(bytes.device_key, frame, unb64(said.sig)), true);
    assert.deepEqual(
      [said.t, said.device, said.challenge, said.decision, said.number],
      ["answer", inputs.device, inputs.challenge, decision, digits],
    );
  });
}

const news = { t: "notice", notice: inputs.challenge, kind: "device_linked", text: "“Pixel” was linked.", time: 1 };

test("news is read, for the account that it came to", () => {
  const { t: _, ...told } = news;
  assert.deepEqual(readNotice(account, news), { ...told, account });
});

for (const [what, spoiled] of [
  ["no name", { notice: undefined }],
  ["another kind of name", { notice: "../seen" }],
  ["no words", { text: null }],
  ["a time in words", { time: "now" }],
]) {
  test(`news with ${what} is not told`, () => {
    assert.equal(readNotice(account, { ...news, ...spoiled }), null);
  });
}
