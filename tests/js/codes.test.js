// RFC 6238, appendix B: the SHA-1 rows, whose last six digits are the codes of an authenticator with six.

import assert from "node:assert/strict";
import { test } from "node:test";

import { code, secretOf } from "../../static/js/lib/codes.js";

const secret = new TextEncoder().encode("12345678901234567890");

for (const [time, eight] of [
  [59, "94287082"],
  [1111111109, "07081804"],
  [1111111111, "14050471"],
  [1234567890, "89005924"],
  [2000000000, "69279037"],
  [20000000000, "65353130"],
]) {
  test(`the code at ${time} is that of RFC 6238`, async () => {
    assert.equal((await code(secret, time)).code, eight.slice(2));
  });
}

for (const [time, left] of [
  [0, 30],
  [29, 1],
  [30, 30],
  [59.9, 1],
]) {
  test(`at ${time} a code has ${left} seconds left`, async () => {
    assert.equal((await code(secret, time)).secondsLeft, left);
  });
}

test("a secret is read from base32", () => {
  assert.deepEqual(secretOf("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), secret);
});

for (const text of ["GEZD1", "gezd", "GEZD====", "GE ZD"]) {
  test(`${JSON.stringify(text)} is no secret`, () => {
    assert.throws(() => secretOf(text), TypeError);
  });
}
