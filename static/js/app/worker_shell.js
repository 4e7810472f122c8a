// The app's page and its files, kept so that it opens without network. No other page of the site is touched here:
// what is signed in to is always the server's own.

const CACHES = "kauth-";
// Longer than this nobody stares at an empty screen when the page is here already.
const PATIENCE = 3_000;
// Pages that are still open may yet load a file of the version that they came with.
const VERSIONS_KEPT = 2;
const FILE_ADDRESS = /\/static\/[^"'\s#?]+/g;

export class Shell {
  #cache;
  #pages;
  #files;

  constructor({ version, pages, files }) {
    this.#cache = CACHES + version;
    this.#pages = pages;
    this.#files = files;
  }

  async keep() {
    const page = await fetch(this.#pages[0], { cache: "reload", credentials: "omit" });
    await this.#check(page.clone());
    const cache = await caches.open(this.#cache);
    await cache.addAll(this.#files);
    await cache.put(this.#pages[0], page);
    await skipWaiting();
  }

  async takeOver() {
    const ours = (await caches.keys()).filter((name) => name.startsWith(CACHES) && name !== this.#cache);
    const old = ours.slice(0, Math.max(0, ours.length + 1 - VERSIONS_KEPT));
    await Promise.all(old.map((name) => caches.delete(name)));
    await clients.claim();
  }

  answer(event) {
    const { request } = event;
    const { origin, pathname } = new URL(request.url);
    if (request.method !== "GET" || origin !== location.origin) return;
    if (this.#pages.includes(pathname)) event.respondWith(this.#page(request));
    else if (pathname.startsWith("/static/")) event.respondWith(keptOrFetched(request));
  }

  // Fresh where the server answers, so that a new version is there at the next opening. Its files have other names:
  // page and files always are of one version, whichever worker brings them.
  async #page(request) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), PATIENCE);
    try {
      const response = await fetch(request, { signal: controller.signal });
      if (response.ok || response.type === "opaqueredirect") return response;
    } catch {
      // No network, or one too slow to wait for.
    } finally {
      clearTimeout(timer);
    }
    return (await caches.match(this.#pages[0], { cacheName: this.#cache })) ?? Response.error();
  }

  // The server may have changed its version between its worker's script and its page.
  async #check(page) {
    if (!page.ok) throw new TypeError(`The app's page came with status ${page.status}.`);
    const named = (await page.text()).match(FILE_ADDRESS) ?? [];
    const missing = named.filter((address) => !this.#files.includes(address));
    if (missing.length) throw new TypeError(`The page wants files of another version: ${missing.join(" ")}`);
  }
}

// Names change with the content: whichever version kept it, it is the right one.
async function keptOrFetched(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}
