// Which addresses this app links by, and in which words it refuses the others.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readLink } from "../../static/js/lib/links.js";
import { bytes, inputs } from "./vectors.js";

const good = `${inputs.origin}/app/link#v=1&t=${inputs.token}&s=${inputs.server_id}`;

test("a link says its token and its server", () => {
  assert.deepEqual(readLink(` ${good}\n`, inputs.origin), { token: bytes.token, serverId: bytes.server_id });
});

for (const [code, part, spoiled] of [
  ["other_server", "https://auth.", "https://evil."],
  ["other_server", "https://auth.example.org", "https://auth.example.org.evil.test"],
  ["other_server", "https:", "http:"],
  ["other_server", "example.org/", "example.org/deeper/"],
  ["not_a_link", "https://auth.example.org", ""],
  ["not_a_link", "/app/link", "/app/"],
  ["not_a_link", "/app/link", "/app/link?t=1"],
  ["not_a_link", good.slice(good.indexOf("#")), ""],
  ["not_a_link", "&s=", "&x="],
  ["not_a_link", "t=", "t=AA"],
  ["not_a_link", inputs.token, inputs.token.slice(3)],
  ["not_a_link", "v=1", "v=1&v=1"],
  ["not_a_link", "v=1", "v=1&rest"],
  ["other_version", "v=1", "v=2"],
  ["other_version", "v=1&", ""],
]) {
  test(`a link with ${JSON.stringify(spoiled)} for ${JSON.stringify(part)} is refused: ${code}`, () => {
    assert.throws(() => readLink(good.replace(part, spoiled), inputs.origin), { code });
  });
}

test("a link of another server says of which", () => {
  const other = good.replace("auth.example.org", "login.example.com:8443");
  assert.throws(() => readLink(other, inputs.origin), { host: "login.example.com:8443" });
});

for (const text of ["", "otpauth://totp/x?secret=AAAA", "https://example.org", "#", "/app/link#", "\ud800#/app/link"]) {
  test(`${JSON.stringify(text)} is no link`, () => {
    assert.throws(() => readLink(text, inputs.origin), { code: "not_a_link" });
  });
}
