// The server's time as an account last heard it. A phone's clock may be wrong; what is signed and the codes are not.

import { change } from "./vault.js";

// Below this a difference may as well come from the way the answer took.
const WORTH_KEEPING = 2;

export function localNow() {
  return Math.floor(Date.now() / 1000);
}

export function serverNow(account) {
  return localNow() + account.clockOffset;
}

export async function learnTime(account, serverTime) {
  if (!Number.isSafeInteger(serverTime) || serverTime < 0) return;
  const difference = serverTime - serverNow(account);
  if (Math.abs(difference) < WORTH_KEEPING) return;
  await change(account, { clockOffset: account.clockOffset + difference });
}
