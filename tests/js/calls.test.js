// Signed calls against a real HTTP server: what they carry, and what comes of its answers.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { authorization, call, CallRefused, forgetIfRevoked, plainCall, Unreachable } from "../../static/js/lib/calls.js";
import { unb64 } from "../../static/js/lib/frames.js";
import { verify } from "../../static/js/lib/keys.js";
import { account } from "./account.js";
import { bytes, inputs, vectors } from "./vectors.js";

const heard = [];
let reply = null;

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  heard.push({ method: request.method, path: request.url, headers: request.headers, body });
  response.writeHead(reply.status, { "Content-Type": "application/json", ...reply.headers });
  response.end(reply.text);
});

before(async () => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  globalThis.location = { origin: `http://127.0.0.1:${server.address().port}` };
});
after(() => server.close());

function answering(status, content, headers = {}) {
  reply = { status, headers, text: typeof content === "string" ? content : JSON.stringify(content) };
}

test("the proof of a call is signed as the vector has it", async () => {
  const { origin } = location;
  globalThis.location = { origin: inputs.origin };
  const proof = { method: "GET", path: "/device/v1/requests", text: "", time: inputs.time, once: bytes.http_nonce };
  const header = await authorization(account, proof);
  globalThis.location = { origin };
  const [, sig] = header.match(/^KAuth device=[0-9a-f-]{36},time=1790000000,nonce=[\w-]{22},sig=([\w-]{86})$/);
  const frame = Uint8Array.from(Buffer.from(vectors["http GET"].frame_hex, "hex"));
  assert.equal(await verify(bytes.device_key, frame, unb64(sig)), true);
});

test("a call brings its body, its proof and no cookie, and its answer comes back", async () => {
  answering(200, { name: "Pixel 8" });
  assert.deepEqual(await call(account, "PATCH", "/device/v1/device", { name: "Pixel 8" }), { name: "Pixel 8" });
  const { method, path, headers, body } = heard.at(-1);
  assert.deepEqual([method, path, body], ["PATCH", "/device/v1/device", '{"name":"Pixel 8"}']);
  assert.match(headers.authorization, /^KAuth device=/);
  assert.equal(headers.cookie, undefined);
});

test("no call is signed with the same nonce twice", async () => {
  answering(200, {});
  await call(account, "GET", "/device/v1/device");
  await call(account, "GET", "/device/v1/device");
  const nonces = heard.slice(-2).map(({ headers }) => headers.authorization.match(/nonce=([\w-]+)/)[1]);
  assert.notEqual(nonces[0], nonces[1]);
});

test("an answer without content is null", async () => {
  answering(204, "");
  assert.equal(await call(account, "DELETE", "/device/v1/push"), null);
});

test("a refusal comes with its code, its words and its patience", async () => {
  answering(429, { error: "slow_down", detail: "Wait." }, { "Retry-After": "7" });
  await assert.rejects(plainCall("POST", "/device/v1/answers", {}), (error) => {
    assert.ok(error instanceof CallRefused);
    assert.deepEqual([error.code, error.status, error.detail, error.retryAfter], ["slow_down", 429, "Wait.", 7]);
    return true;
  });
});

for (const [what, status, text] of [
  ["a page instead of an answer", 502, "<html></html>"],
  ["a portal's page that looks fine", 200, "<html></html>"],
  ["a number instead of an object", 200, "7"],
  ["somebody else's error", 404, '{"message":"Not found"}'],
  ["a redirect", 302, ""],
]) {
  test(`${what} means that the server is out of reach`, async () => {
    answering(status, text, status === 302 ? { Location: "/login/" } : {});
    await assert.rejects(call(account, "GET", "/device/v1/device"), Unreachable);
  });
}

test("a server that is not there is out of reach", async () => {
  const { origin } = location;
  globalThis.location = { origin: "http://127.0.0.1:9" };
  await assert.rejects(call(account, "GET", "/device/v1/device"), { code: "unreachable" });
  globalThis.location = { origin };
});

test("an account is forgotten for no other refusal than its removal", async () => {
  for (const code of ["unauthenticated", "slow_down", "unreachable"]) {
    assert.equal(await forgetIfRevoked({ code }, account), false);
  }
});
