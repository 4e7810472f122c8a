// A device that has just become active: fetches what it needs without network, shows the backup codes, and
// offers to ring. Goes on where it was left when the app was closed in the middle.

import { provision, provisioned } from "../lib/linking.js";
import { state as pushState } from "../lib/push.js";
import { showCodes } from "./backup_codes.js";
import { fill, screenOf } from "./markup.js";
import { tell } from "./notices.js";
import { go } from "./screens.js";
import { active, find, refresh } from "./wallet.js";

/** Stores the secret of `account`, then shows the codes to save, if this linking made any. */
export async function finish(account) {
  const { backupCodes } = await provision(account);
  await refresh();
  if (backupCodes) showCodes(find(account.device), backupCodes, () => settle(account));
  else await settle(account);
}

/** Accounts that were linked, but whose secret or codes never came to their place: now, and when a network is back. */
export async function finishWhatWasLeft() {
  addEventListener("online", finishAll);
  await finishAll();
}

async function finishAll() {
  for (const account of active()) {
    if (account.provisioned) continue;
    // What keeps one away is said elsewhere on the page, and is no reason to leave the next.
    await finish(account).catch(() => {});
  }
}

async function settle(account) {
  await provisioned(account);
  await refresh();
  tell(fill(screenOf("check").dataset.textLinked, { login: account.login }));
  if ((await pushState()) === "off") go("ring-me", account.device);
  else go("accounts");
}
