// The app's service worker: keeps the shell, so that the app opens without network.
//
// /app/service-worker.js, which the server renders, calls serve() with what only the server knows:
//   version               changes with the shell, its files and its texts
//   pages                 addresses of the shell; each of them is the same page
//   files                 the hashed addresses of all that the shell loads
//   texts                 the words of notifications; {login} and the like stand for values
//   answerInNotification  whether a notification may have YES and NO
//   icon                  the picture of notifications

export function serve(config) {
  const name = `kauth-${config.version}`;
  addEventListener("install", (event) => event.waitUntil(keep(name, config)));
  addEventListener("activate", (event) => event.waitUntil(takeOver(name)));
  addEventListener("fetch", (event) => {
    const { pathname } = new URL(event.request.url);
    const kept = config.pages.includes(pathname) ? config.pages[0] : pathname;
    if (event.request.method !== "GET" || ![...config.pages, ...config.files].includes(kept)) return;
    event.respondWith(answer(name, kept, event.request));
  });
}

async function keep(name, config) {
  const cache = await caches.open(name);
  await cache.addAll([config.pages[0], ...config.files]);
  await skipWaiting();
}

async function takeOver(name) {
  const names = await caches.keys();
  await Promise.all(names.filter((other) => other.startsWith("kauth-") && other !== name).map((other) => caches.delete(other)));
  await clients.claim();
}

async function answer(name, kept, request) {
  const cache = await caches.open(name);
  return (await cache.match(kept)) ?? fetch(request);
}
