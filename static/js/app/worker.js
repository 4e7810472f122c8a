// The app's service worker: keeps the shell, so that the app opens without network, and rings while no page is open.
//
// /app/service-worker.js, which the server renders, calls serve() with what only the server knows:
//   version               changes with the shell, its files and its texts
//   pages                 addresses of the shell; each of them is the same page
//   files                 the hashed addresses of all that the shell loads
//   texts                 the words of notifications; {login} and the like stand for values
//   answerInNotification  whether a notification may have YES and NO
//   icon                  the picture of notifications

import { Ringing } from "./worker_ringing.js";
import { Shell } from "./worker_shell.js";

export function serve(config) {
  const shell = new Shell(config);
  const ringing = new Ringing(config);
  addEventListener("install", (event) => event.waitUntil(shell.keep()));
  addEventListener("activate", (event) => event.waitUntil(shell.takeOver()));
  addEventListener("fetch", (event) => shell.answer(event));
  addEventListener("push", (event) => event.waitUntil(ringing.ring()));
  addEventListener("notificationclick", (event) => event.waitUntil(ringing.clicked(event)));
  addEventListener("pushsubscriptionchange", (event) => event.waitUntil(ringing.resubscribe(event)));
}
