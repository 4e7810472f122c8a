// Signed calls to the server (docs/protocol.md, section 6). They carry no cookie: the signature is all their proof.

import { learnTime, serverNow } from "./clock.js";
import { b64, http, sha256, utf8 } from "./frames.js";
import { nonce, sign } from "./keys.js";
import { forget } from "./vault.js";

const PATIENCE = 15_000;
const NONCE_SIZE = 16;
const NO_CONTENT = 204;

// The server's refusal. `code` and `detail` are the protocol's, `retryAfter` is in seconds or null.
export class CallRefused extends Error {
  constructor(response, { error, detail = "", time = null }) {
    super(detail);
    this.code = error;
    this.status = response.status;
    this.detail = detail;
    this.time = time;
    this.retryAfter = Number(response.headers.get("Retry-After")) || null;
  }
}

// No network, no server, or something else in its place.
export class Unreachable extends Error {
  code = "unreachable";
}

// The answer's object, or null where there is none to give. A wrong clock is set right, and the call made once more.
export async function call(account, method, path, body) {
  const text = body === undefined ? "" : JSON.stringify(body);
  try {
    return await signedCall(account, method, path, text);
  } catch (error) {
    if (error.code !== "clock") throw error;
    await learnTime(account, error.time);
    return await signedCall(account, method, path, text);
  }
}

// A call that proves itself by what it carries. `options` go to fetch: the claim of a link made here brings a cookie.
export function plainCall(method, path, body, options = {}) {
  return send(method, path, JSON.stringify(body), options);
}

// True when `error` says that the site has removed this device; then nothing of its account is left here.
export async function forgetIfRevoked(error, account) {
  if (error.code !== "revoked") return false;
  await forget(account.device);
  return true;
}

async function signedCall(account, method, path, text) {
  const proof = { method, path, text, time: serverNow(account), once: nonce(NONCE_SIZE) };
  const answer = await send(method, path, text, { headers: { Authorization: await authorization(account, proof) } });
  await learnTime(account, answer?.time);
  return answer;
}

export async function authorization(account, { method, path, text, time, once }) {
  const frame = http({
    origin: location.origin,
    serverId: account.serverId,
    device: account.device,
    method,
    path,
    bodyHash: await sha256(utf8(text)),
    time,
    nonce: once,
  });
  const sig = b64(await sign(account.privateKey, frame));
  return `KAuth device=${account.device},time=${time},nonce=${b64(once)},sig=${sig}`;
}

async function send(method, path, text, { headers = {}, ...options }) {
  const response = await fetched(path, {
    method,
    headers: { Accept: "application/json", ...(text && { "Content-Type": "application/json" }), ...headers },
    body: text || undefined,
    credentials: "omit",
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE),
    ...options,
  });
  return judged(response);
}

async function fetched(path, options) {
  try {
    return await fetch(new URL(path, location.origin), options);
  } catch (cause) {
    throw new Unreachable("The server cannot be reached.", { cause });
  }
}

async function judged(response) {
  if (response.status === NO_CONTENT) return null;
  const answer = await objectIn(response);
  if (response.ok && answer) return answer;
  if (typeof answer?.error === "string") throw new CallRefused(response, answer);
  throw new Unreachable(`No kAuth server answers there (status ${response.status}).`);
}

async function objectIn(response) {
  try {
    const answer = await response.json();
    return typeof answer === "object" ? answer : null;
  } catch {
    return null;
  }
}
