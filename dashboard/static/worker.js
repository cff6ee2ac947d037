/* Shows the last known page when there is no network: as old, never as live. RELEASE, PARTS and PAGES come first. */
const SCOPE = new URL(self.registration.scope).pathname; // another Ledig of this host keeps what is its own
const OURS = SCOPE === "/" ? "ledig-" : `ledig-${SCOPE}-`;
const CACHE = `${OURS}${RELEASE}`;

/* What is kept of a page says in itself that it is old, and since when. */
async function keep(path, answer) {
  const cache = await caches.open(CACHE);
  if (!PAGES.includes(path)) return cache.put(path, answer);
  const old = (await answer.text()).replace(/data-link="\w+"/, `data-link="page_away" data-saved="${Date.now()}"`);
  return cache.put(path, new Response(old, { headers: { "Content-Type": "text/html; charset=utf-8" } }));
}
async function store(path) {
  const answer = await fetch(path);
  if (answer.ok) await keep(path, answer);
}

self.addEventListener("install", (event) => event.waitUntil((async () => {
  const open = await self.clients.matchAll({ includeUncontrolled: true, type: "window" });
  const here = open.map((client) => new URL(client.url).pathname).filter((path) => PAGES.includes(path));
  await Promise.all([...PARTS, ...new Set(here)].map(store));
  await self.skipWaiting();
})()));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith(OURS) && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
})()));

self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (origin !== location.origin || ![...PARTS, ...PAGES].includes(pathname)) return;
  event.respondWith((async () => {
    try {
      const answer = await fetch(event.request);
      if (answer.ok && !new URL(event.request.url).search) event.waitUntil(keep(pathname, answer.clone()));
      return answer;
    } catch (away) {
      const cache = await caches.open(CACHE);
      const kept = await cache.match(pathname);
      const other = kept || (PAGES.includes(pathname) && (await Promise.all(PAGES.map((page) => cache.match(page)))).find(Boolean));
      if (!other) throw away;
      return other;
    }
  })());
});
