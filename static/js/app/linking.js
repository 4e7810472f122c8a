// From a link to a linked account: claim it, compare numbers, wait for the computer.

import { claim, untilActive } from "../lib/linking.js";
import { readLink } from "../lib/links.js";
import { forget } from "../lib/vault.js";
import { finish } from "./arrival.js";
import { screenOf, say, wordsFor, write, writeDigits } from "./markup.js";
import { warn } from "./notices.js";
import { describe } from "./phone.js";
import { define, go, isShown, replace } from "./screens.js";
import { expectToLose, find, pending, refresh } from "./wallet.js";

const TRY_AGAIN_AFTER = 3_000;

const screen = screenOf("check");
const line = screen.querySelector("[data-line]");
// What ends the waiting for a computer: by device, also while another screen is shown.
const waiting = new Map();

export function defineLinking() {
  define("check", { enter: compare });
  screen.querySelector("[data-cancel]").addEventListener("click", cancel);
}

/** Claims the link at `address` and goes to the numbers; throws what keeps it from that. */
export async function follow(address) {
  const link = readLink(address, document.body.dataset.origin);
  const { account } = await claim({ link, ...(await describe()) });
  await refresh();
  replace("check", account.device);
}

function compare(device) {
  const account = device ? find(device) : pending();
  if (account?.state !== "pending") return replace("accounts");
  write(screen, { login: account.login, host: account.host });
  writeDigits(screen.querySelector("[data-check-number]"), account.checkNumber);
  say(line, screen.dataset.textWaits);
  screen.dataset.device = account.device;
  if (waiting.has(account.device)) return;
  waiting.set(account.device, new AbortController());
  wait(account);
}

async function wait(account) {
  const { signal } = waiting.get(account.device);
  try {
    await untilActive(account, { signal });
  } catch (error) {
    if (!signal.aborted) await stopWaiting(account, error, signal);
    return;
  }
  await refresh();
  await arrive(account.device, signal);
}

// The computer has said yes, and the account stays, whatever keeps its secret and its codes away just now.
async function arrive(device, signal) {
  if (!find(device)) return replace("accounts");
  try {
    await finish(find(device));
  } catch {
    say(line, screen.dataset.textUnreachable);
    setTimeout(() => !signal.aborted && arrive(device, signal), TRY_AGAIN_AFTER);
  }
}

async function stopWaiting(account, error, signal) {
  if (error.code === "unreachable") {
    say(line, screen.dataset.textUnreachable);
    setTimeout(() => !signal.aborted && wait(account), TRY_AGAIN_AFTER);
    return;
  }
  await lose(account.device);
  warn(wordsFor(screen, error.code));
  if (isShown("check")) go("accounts");
}

async function cancel() {
  const { device } = screen.dataset;
  waiting.get(device).abort();
  if (find(device)?.state === "pending") {
    await lose(device);
    // A device that waits has no way to tell the server: only the computer ends the offer.
    warn(screen.dataset.textCancelled);
  }
  go("accounts");
}

async function lose(device) {
  expectToLose(device);
  await forget(device);
  await refresh();
}
