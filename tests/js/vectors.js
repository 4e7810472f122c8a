// docs/vectors.json, and the two test keys that it names.

import { readFileSync } from "node:fs";

import { unb64 } from "../../static/js/lib/frames.js";

const read = JSON.parse(readFileSync(new URL("../../docs/vectors.json", import.meta.url)));

export const vectors = read.frames;
export const checkNumber = read.check_number;
export const inputs = read.inputs;
export const bytes = Object.fromEntries(
  ["device_key", "server_key", "server_id", "token", "nonce_server", "nonce_device", "http_nonce"].map((name) => [
    name,
    unb64(inputs[name]),
  ]),
);

export function privateKey(which) {
  const point = Buffer.from(bytes[`${which}_key`]);
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: point.subarray(1, 33).toString("base64url"),
    y: point.subarray(33).toString("base64url"),
    d: Buffer.from(inputs[`${which}_private_scalar`], "hex").toString("base64url"),
  };
  return crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
}

export const hex = (data) => Buffer.from(data).toString("hex");
