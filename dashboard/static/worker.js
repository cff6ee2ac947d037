/* Service worker: shows the last known page, marked as old, when there is no network. The server prepends RELEASE, PARTS
   and PAGES. */
const SCOPE = new URL(self.registration.scope).pathname; // other Ledig sites on this host have their own caches
const PREFIX = SCOPE === "/" ? "ledig-" : `ledig-${SCOPE}-`;
const CACHE = `${PREFIX}${RELEASE}`;

/* Stores a response; a stored page is marked as old, with the time. */
async function save(path, answer) {
  const cache = await caches.open(CACHE);
  if (!PAGES.includes(path)) return cache.put(path, answer);
  const old = (await answer.text()).replace(/data-link="\w+"/, `data-link="page_away" data-saved="${Date.now()}"`);
  return cache.put(path, new Response(old, { headers: { "Content-Type": "text/html; charset=utf-8" } }));
}
async function store(path) {
  const answer = await fetch(path);
  if (answer.ok) await save(path, answer);
}

self.addEventListener("install", (event) => event.waitUntil((async () => {
  const open = await self.clients.matchAll({ includeUncontrolled: true, type: "window" });
  const here = open.map((client) => new URL(client.url).pathname).filter((path) => PAGES.includes(path));
  await Promise.all([...PARTS, ...new Set(here)].map(store));
  await self.skipWaiting();
})()));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
})()));

self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (origin !== location.origin || ![...PARTS, ...PAGES].includes(pathname)) return;
  event.respondWith((async () => {
    try {
      const answer = await fetch(event.request);
      if (answer.ok && !new URL(event.request.url).search) event.waitUntil(save(pathname, answer.clone()));
      return answer;
    } catch (offline) {
      const cache = await caches.open(CACHE);
      const stored = await cache.match(pathname);
      const fallback = stored || (PAGES.includes(pathname) && (await Promise.all(PAGES.map((page) => cache.match(page)))).find(Boolean));
      if (!fallback) throw offline;
      return fallback;
    }
  })());
});
