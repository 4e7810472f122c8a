// Sign-in requests: read, verified, answered. What the server has not signed for this device and this time is not shown.

import { call, plainCall } from "./calls.js";
import { serverNow } from "./clock.js";
import { answer, b64, request, sha256, unb64, utf8 } from "./frames.js";
import { sign, verify } from "./keys.js";

const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const PURPOSES = ["login", "reauth", "link", "action"];
const MATCHES = ["tap", "number"];
const FEWEST_DIGITS = 2;
const MOST_DIGITS = 6;
const LONGEST_LIFE = 600;
const CLOCK_TOLERANCE = 60;

// The question in a `request` message to `account`, or null where form, signature, device or time does not fit.
export async function read(account, message, now) {
  if (!hasForm(message) || !isOfNow(message, now)) return null;
  const context = contextIn(message.context);
  if (!context) return null;
  const frame = await frameOf(account, message);
  if (!(await isSigned(account, frame, message.sig))) return null;
  const { challenge, purpose, match, created, expires } = message;
  const digits = match === "number" ? message.digits : 0;
  return { challenge, purpose, match, digits, created, expires, context, account, requestFrame: frame };
}

// The `answer` message; its member `device` lets it go by HTTP too.
export async function signedAnswer(account, question, decision, number = "") {
  const { challenge, purpose, expires, requestFrame } = question;
  const { device } = account;
  const frame = answer({
    ...identityOf(account),
    challenge,
    purpose,
    decision,
    number,
    expires,
    requestHash: await sha256(requestFrame),
  });
  return { t: "answer", device, challenge, decision, number, sig: b64(await sign(account.privateKey, frame)) };
}

// Answers by HTTP. {state} is what the request has come to; CallRefused says that it was too late.
export async function post(account, question, decision, number) {
  return plainCall("POST", "/device/v1/answers", await signedAnswer(account, question, decision, number));
}

// What the server has for `account`: the questions that it can answer now, and news of its protection that nobody has
// seen on this device yet, each {notice, kind, text, time, account}.
export async function look(account) {
  const { requests, notices = [] } = await call(account, "GET", "/device/v1/requests");
  const found = await Promise.all(requests.map((message) => read(account, message, serverNow(account))));
  const news = notices.map((message) => readNotice(account, message));
  return { questions: found.filter((question) => question !== null), notices: news.filter((notice) => notice !== null) };
}

// The questions that `account` can answer now.
export async function open(account) {
  return (await look(account)).questions;
}

// The news in a `notice` message to `account`, or null where it has not the form of one.
export function readNotice(account, { notice, kind, text, time }) {
  const fits = CHALLENGE.test(notice) && [kind, text].every((value) => typeof value === "string");
  return fits && Number.isSafeInteger(time) ? { notice, kind, text, time, account } : null;
}

// Tells the server that a person has seen `notice` here.
export async function noticed({ account, notice }) {
  await call(account, "POST", "/device/v1/seen", { challenge: notice });
}

// Turns away the new device that `notice` told of. CallRefused says that it is gone, or is not new any more.
export async function turnAway({ account, notice }) {
  await call(account, "POST", "/device/v1/veto", { notice });
}

function identityOf({ device, account, serverId }) {
  return { origin: location.origin, serverId, device, account };
}

function hasForm({ challenge, purpose, match, digits, context, sig }) {
  if ([challenge, context, sig].some((text) => typeof text !== "string")) return false;
  if (!CHALLENGE.test(challenge) || !PURPOSES.includes(purpose) || !MATCHES.includes(match)) return false;
  return match === "tap" || (Number.isInteger(digits) && digits >= FEWEST_DIGITS && digits <= MOST_DIGITS);
}

function isOfNow({ created, expires }, now) {
  if (!Number.isSafeInteger(created) || !Number.isSafeInteger(expires)) return false;
  const lives = created < expires && expires <= created + LONGEST_LIFE;
  return lives && created <= now + CLOCK_TOLERANCE && now < expires;
}

async function frameOf(account, { challenge, purpose, match, created, expires, context }) {
  const contextHash = await sha256(utf8(context));
  return request({ ...identityOf(account), challenge, purpose, match, created, expires, contextHash });
}

async function isSigned(account, frame, sig) {
  try {
    return await verify(account.serverKey, frame, unb64(sig));
  } catch {
    return false;
  }
}

function contextIn(text) {
  try {
    const context = JSON.parse(text);
    return isContext(context) ? context : null;
  } catch {
    return null;
  }
}

function isContext({ service, login, browser, ip, place, new_browser: isNew }) {
  const texts = [service, login, browser, ip].every((value) => typeof value === "string");
  return texts && (place === null || typeof place === "string") && typeof isNew === "boolean";
}
