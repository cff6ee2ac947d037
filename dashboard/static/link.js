/* Follows the house: one stream of frames, and how old the newest is. A page that has lost the house knows it
   within two seconds if the server is gone, within fifteen if the line went silent, at once if it slept. */
const SILENT_MS = 15000; // the server breathes every 5 s
const LEAST_MS = 1000;
const MOST_MS = 10000; // also how often we ask when every stream is taken

/* A sleeping machine stops the first of these clocks; whoever sets the time turns the second back. */
const instant = () => ({ steady: performance.now(), wall: Date.now() });
const since = (then) => Math.max(performance.now() - then.steady, Date.now() - then.wall);

/* `take` gets each frame and says whether it could use it; `tick` is called after each frame and every second.
   `saved`: the page is one that was kept then, and old until something is heard. */
export function follow(urls, take, tick, saved = 0) {
  let heard = { ...instant(), ...(saved && { wall: saved }) };
  let asked = instant();
  let source = null;
  let timer = 0;
  let pause = LEAST_MS;
  let gone = saved > 0; // we asked, and nobody answered

  function hear(text) {
    if (!take(JSON.parse(text))) return;
    heard = instant();
    gone = false;
    tick();
  }
  function listen() {
    if (source) source.close();
    clearTimeout(timer);
    asked = instant();
    source = new EventSource(urls.stream);
    source.onmessage = (event) => {
      pause = LEAST_MS;
      hear(event.data);
    };
    source.addEventListener("ended", () => location.reload()); // the session: the login leads back here
    source.onerror = () => {
      source.close();
      clearTimeout(timer);
      timer = setTimeout(ask, pause * (0.5 + Math.random() / 2)); // not all pages of a house at once
      pause = Math.min(2 * pause, MOST_MS);
    };
  }
  async function ask() {
    try {
      const answer = await fetch(urls.frame);
      if (answer.ok) hear(await answer.text());
      else if (answer.status === 401) location.reload();
      else gone = true;
    } catch {
      gone = true;
    }
    tick();
    listen();
  }
  function watch() {
    if (since(heard) > SILENT_MS && since(asked) > SILENT_MS) listen(); // a connection can die without a word
    tick();
  }

  listen();
  setInterval(watch, 1000);
  document.addEventListener("visibilitychange", watch);
  return { silentMs: () => since(heard), lost: () => gone || since(heard) > SILENT_MS };
}
