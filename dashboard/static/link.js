/* Subscribes to the stream of frames and tracks the age of the newest. A lost connection is detected within 2 s if the
   server is gone, within 15 s if the connection is silent, at once after the device slept. */
const SILENT_MS = 15000; // the server sends a heartbeat every 5 s
const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 10000; // also the polling interval while all streams are in use

/* The first clock stops while the device sleeps; the second jumps when the time is set. */
const readClocks = () => ({ steady: performance.now(), wall: Date.now() });
const since = (then) => Math.max(performance.now() - then.steady, Date.now() - then.wall);

/* `accept` gets each frame and returns whether the page can show it; `tick` is called after each frame and every second.
   `saved`: when a cached page was stored (Unix ms); it is old until the first frame arrives. */
export function subscribe(urls, accept, tick, saved = 0) {
  let received = { ...readClocks(), ...(saved && { wall: saved }) };
  let requested = readClocks();
  let source = null;
  let timer = 0;
  let pause = MIN_PAUSE_MS;
  let gone = saved > 0; // the last request failed

  function receive(text) {
    if (!accept(JSON.parse(text))) return;
    received = readClocks();
    gone = false;
    tick();
  }
  function connect() {
    if (source) source.close();
    clearTimeout(timer);
    requested = readClocks();
    source = new EventSource(urls.stream);
    source.onmessage = (event) => {
      pause = MIN_PAUSE_MS;
      receive(event.data);
    };
    source.addEventListener("ended", () => location.reload()); // the session ended: the login page returns here
    source.onerror = () => {
      source.close();
      clearTimeout(timer);
      timer = setTimeout(poll, pause * (0.5 + Math.random() / 2)); // so that not all pages of a site poll at once
      pause = Math.min(2 * pause, MAX_PAUSE_MS);
    };
  }
  async function poll() {
    try {
      const answer = await fetch(urls.frame);
      if (answer.ok) receive(await answer.text());
      else if (answer.status === 401) location.reload();
      else gone = true;
    } catch {
      gone = true;
    }
    tick();
    connect();
  }
  function check() {
    if (since(received) > SILENT_MS && since(requested) > SILENT_MS) connect(); // a connection can die silently
    tick();
  }

  connect();
  setInterval(check, 1000);
  document.addEventListener("visibilitychange", check);
  return { silentMs: () => since(received), lost: () => gone || since(received) > SILENT_MS };
}
