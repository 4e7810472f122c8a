// Links this browser as a device of an account: claims an offer, waits for the computer's yes, fetches the secrets.

import { call, forgetIfRevoked, plainCall } from "./calls.js";
import { localNow } from "./clock.js";
import { secretOf } from "./codes.js";
import { b64, checkNumber, linkCheck, linkDevice, linkServer, sha256, unb64 } from "./frames.js";
import { makeKeys, nonce, sign, verify } from "./keys.js";
import { LinkRefused } from "./links.js";
import { change, keep, makeWrapKey, sealSecret, stayPut, tryOut } from "./vault.js";

const ASK_EVERY = 2_000;
const OFFER_LIVES = 300;
const NONCE_SIZE = 32;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

// Claims `link` and keeps the account. With `csrf`, for an offer made here, the claim brings the session's cookie.
// Throws VaultRefused before anything is claimed; CallRefused; LinkRefused "other_server" where the answer is not
// of the server that the link names.
export async function claim({ link, name, platform, csrf }) {
  await tryOut();
  await stayPut();
  const keys = await makeKeys();
  const offer = { ...(await offerOf(link)), key: keys.publicKey };
  const mine = nonce(NONCE_SIZE);
  const sig = await sign(keys.privateKey, linkDevice({ ...offer, name, nonce: mine }));
  const proof = { token: b64(link.token), key: b64(keys.publicKey), nonce: b64(mine), sig: b64(sig) };
  const answer = await plainCall("POST", "/device/v1/links", { v: 1, name, platform, ...proof }, session(csrf));
  const account = await linked({ answer, offer, nonceDevice: mine, privateKey: keys.privateKey, name });
  await keep(account);
  return { account, checkNumber: account.checkNumber };
}

// Asks until the computer has said yes. Where it said no (LinkRefused "refused"), or nothing in time ("expired"),
// the account is gone from the vault. Throws what `signal` was aborted with.
export async function untilActive(account, { signal } = {}) {
  while (!(await isActive(account))) await pause(ASK_EVERY, signal);
  await change(account, { state: "active", checkNumber: null });
  return "active";
}

// Fetches what works without network, and keeps it. Safe to repeat until `provisioned` has told the server that
// the backup codes, if there are any, are in the person's hands.
export async function provision(account) {
  try {
    const { totp, backup_codes: backupCodes } = await call(account, "POST", "/device/v1/provision");
    await sealSecret(account, secretOf(totp.secret));
    return { backupCodes };
  } catch (error) {
    if (error.code !== "already_provisioned") throw error;
    return { backupCodes: null };
  }
}

export async function provisioned(account) {
  await call(account, "POST", "/device/v1/provisioned");
  await change(account, { provisioned: true });
}

async function offerOf({ token, serverId }) {
  return { origin: location.origin, serverId, tokenHash: await sha256(token) };
}

function session(csrf) {
  return csrf ? { credentials: "same-origin", headers: { "X-CSRFToken": csrf } } : {};
}

// The account as it is kept, once the server has proved to be the one of the link.
async function linked({ answer, offer, nonceDevice, privateKey, name }) {
  const { device, account, login, state } = answer;
  const nonces = { nonceDevice, nonceServer: bytesIn(answer.nonce) };
  const serverKey = await provedKey(answer, { ...offer, ...nonces });
  return {
    ...{ device, account, login, name, state },
    host: location.host,
    serverId: offer.serverId,
    serverKey,
    privateKey,
    wrapKey: await makeWrapKey(),
    totp: null,
    clockOffset: 0,
    addedAt: localNow(),
    checkNumber: state === "pending" ? await checkNumber(linkCheck({ ...offer, ...nonces })) : null,
    provisioned: false,
    notifications: false,
  };
}

async function provedKey(answer, known) {
  if (!isSensible(answer)) throw notOurs();
  const { device, account } = answer;
  const serverKey = bytesIn(answer.server_key);
  if (b64(await sha256(serverKey)) !== b64(known.serverId)) throw notOurs();
  const isSigned = await verify(serverKey, linkServer({ ...known, device, account }), bytesIn(answer.sig));
  if (!isSigned) throw notOurs();
  return serverKey;
}

function notOurs() {
  return new LinkRefused("other_server", location.host);
}

function bytesIn(text) {
  try {
    return unb64(text);
  } catch {
    throw notOurs();
  }
}

function isSensible({ device, account, login, state }) {
  return UUID.test(device) && UUID.test(account) && typeof login === "string" && ["pending", "active"].includes(state);
}

async function isActive(account) {
  try {
    return (await call(account, "GET", "/device/v1/device")).state === "active";
  } catch (error) {
    // Without network the computer's word is still to come.
    if (error.code === "unreachable" && !isOver(account)) return false;
    if (await forgetIfRevoked(error, account)) throw new LinkRefused(isOver(account) ? "expired" : "refused");
    throw error;
  }
}

function isOver({ addedAt }) {
  return localNow() > addedAt + OFFER_LIVES;
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
