// The kAuth app's one page: puts the screens together, and shows the one that its address asks for.

import { tryOut } from "./lib/vault.js";
import { enableCopying } from "./lib/copy.js";
import { defineAccount } from "./app/account.js";
import { defineAccounts } from "./app/account_list.js";
import { finishWhatWasLeft } from "./app/arrival.js";
import { defineBackupCodes } from "./app/backup_codes.js";
import { watchForChanges } from "./app/changes.js";
import { defineClaim, isOpenedByLink } from "./app/claim.js";
import { offerToInstall } from "./app/home_screen.js";
import { installWorker } from "./app/install.js";
import { start as startLines } from "./app/lines.js";
import { defineLinking } from "./app/linking.js";
import { fill } from "./app/markup.js";
import { textOf, warn } from "./app/notices.js";
import { defineRingMe } from "./app/ring_me.js";
import { definePhoneTest } from "./app/phone_test.js";
import { startAsking } from "./app/question.js";
import { defineRemoval } from "./app/removal.js";
import { defineScan } from "./app/scan.js";
import { define, go, only, start as startScreens } from "./app/screens.js";
import { watchForTrouble } from "./app/trouble.js";
import { all, open as openWallet, pending, wallet } from "./app/wallet.js";

for (const name of ["start", "add", "computer", "no-keys"]) define(name);
for (const defineScreen of [
  defineAccounts, defineAccount, defineBackupCodes, defineClaim, defineLinking, definePhoneTest, defineRemoval, defineRingMe, defineScan,
]) {
  defineScreen();
}
for (const link of document.querySelectorAll("[data-here]")) link.addEventListener("click", logInHere);
wallet.addEventListener("lost", ({ detail }) => warn(fill(textOf("textRemoved"), detail)));
enableCopying();
offerToInstall();
installWorker();
openApp();

async function openApp() {
  try {
    await openWallet();
  } catch {
    return only("no-keys");
  }
  startAsking();
  watchForChanges();
  startLines();
  startScreens(home);
  watchForTrouble();
  await finishWhatWasLeft();
}

function home() {
  if (isOpenedByLink()) return "claim";
  if (pending()) return "check";
  return all().length ? "accounts" : "start";
}

// Before anybody types a password: a browser that keeps no keys can link nothing.
async function logInHere(event) {
  event.preventDefault();
  const { href } = event.currentTarget;
  try {
    await tryOut();
  } catch {
    return go("no-keys");
  }
  location.assign(href);
}
