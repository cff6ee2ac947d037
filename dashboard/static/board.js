/* Keeps the public page right without a reload. Its words come from the page; it makes the same
   sentences as dashboard/words.py. */
"use strict";
(() => {
  const page = JSON.parse(document.getElementById("page").textContent);
  const at = (id) => document.getElementById(id);
  const SILENT_MS = 15000; // the server breathes every 5 s
  const POLL_MS = 10000; // when every stream is taken
  const RELOAD_MS = 2000;
  const MARK_MS = 2000;
  // A sleeping phone stops the first of these clocks; whoever sets the time turns the second back.
  const instant = () => ({ steady: performance.now(), wall: Date.now() });
  const since = (then) => Math.max(performance.now() - then.steady, Date.now() - then.wall);
  let frame = page.now; // as the server wrote it, until the first frame comes
  let heard = instant();
  let asked = heard;
  let source = null;

  const fill = (key, values) => page.words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const clock = (time) => { const [h, m] = time.split(":"); return fill("at", { h, m }); };
  const state = (code, kind) => page.words[`state.${code}` + (kind === "equipment" ? ".machine" : "")];
  const number = ([least, most, capacity]) =>
    capacity && least === 0 && most === capacity ? "?" : least === most ? `${least}` : `${least}–${most}`;

  function write(element, text) {
    if (!element || element.textContent === text) return;
    element.textContent = text;
    mark(element);
  }
  function mark(element) {
    element.classList.add("changed");
    setTimeout(() => element.classList.remove("changed"), MARK_MS);
  }
  function show(element, text) {
    if (!element) return; // a closed house has few lines
    element.textContent = text;
    element.hidden = !text;
  }

  function paint(next) {
    for (let place = 0; place < next.spaces.length; place++) {
      const code = next.spaces[place];
      const spot = at(`s${place}`);
      if (!spot || spot.classList.contains(`s-${code}`)) continue;
      spot.className.baseVal = `mark s-${code}`;
      const words = `${spot.dataset.name}: ${state(code, spot.dataset.kind)}`;
      spot.querySelector("title").textContent = words;
      if (document.activeElement === spot) tell(spot);
      mark(spot);
      const row = document.querySelector(`tr[data-space="${page.spaces[place]}"]`);
      if (row) {
        row.className = `s-${code}`;
        write(row.querySelector("td"), state(code, spot.dataset.kind));
      }
    }
    for (const cell of document.querySelectorAll("[data-count]")) {
      const counts = cell.dataset.zone ? next.zones[cell.dataset.zone] : next.kinds;
      const free = counts[cell.dataset.count];
      if (free) write(cell, fill("row", { free: number(free), capacity: free[2] }));
    }
    for (const cell of document.querySelectorAll("[data-supply]")) write(cell, supply(next.supplies[cell.dataset.supply]));
    for (const cell of document.querySelectorAll("[data-air]")) {
      const word = next.air[cell.dataset.air];
      cell.textContent = word ? page.words[`air.${word}`] : "";
    }
    const head = at("answer");
    if (head) {
      const kind = head.dataset.kind;
      const free = next.kinds[kind];
      const [least, most, capacity] = free;
      const form = capacity === 1 ? "single" : most === 1 ? "one" : "many";
      at("number").textContent = number(free);
      at("number").classList.toggle("none", least === 0);
      at("of").textContent = fill(`answer.${kind}.${form}`, { capacity });
      at("sure").textContent = fill(most > least ? "unheard" : "heard", { n: most - least, of: capacity });
    }
    show(at("opens"), next.closed && !next.opens ? page.words["opens.unknown"] : opens(next.opens));
    show(at("ahead"), ahead(next.ahead));
    show(at("people"), people(next.people, next.from_zero));
  }

  function supply(left) {
    if (left.level_pct === undefined) return page.words["state.u"];
    return fill(left.low ? "supply.low" : "supply", { n: left.level_pct });
  }
  function opens(next) {
    if (!next) return "";
    const [days, weekday, time] = next;
    const key = ["opens.today", "opens.tomorrow"][days] || (days > 7 ? "opens.later" : `opens.${weekday}`);
    return fill(key, { at: clock(time), n: days });
  }
  function ahead(parts) {
    return parts.map(([key, begin, end, n]) => fill(n === 1 ? `${key}.one` : key, { begin, end, n })).join(" ");
  }
  function people(count, fromZero) {
    if (!count) return "";
    const key = fromZero ? "people" : "people.so_far";
    const [least, most] = count;
    if (most < 5) return fill(`${key}.few`, { n: 5 });
    return fill(least === most ? key : least ? `${key}.range` : `${key}.most`, { n: most, least, most });
  }

  /* The age runs on by itself; silence greys the page. */
  function age() {
    const silent = since(heard);
    const lost = silent > SILENT_MS;
    if (lost && since(asked) > SILENT_MS) listen(); // a connection can die without a word
    document.body.dataset.link = lost ? "page_away" : frame.link;
    let words = "";
    if (lost) words = page.lost;
    else if (frame.link !== "live") words = frame.since ? fill("lost", { at: clock(frame.since) }) : page.words["lost.never"];
    if (at("lost").textContent !== words) at("lost").textContent = words;
    if (frame.age_s === null || !at("age")) return;
    const seconds = frame.age_s + silent / 1000;
    const [key, unit] = seconds < 120 ? ["ago.s", 1] : seconds < 7200 ? ["ago.min", 60] : ["ago.h", 3600];
    at("age").textContent = fill(key, { n: Math.floor(seconds / unit) });
  }

  function take(text) {
    const news = JSON.parse(text);
    const next = news.public || news; // managers hear more
    if (!next.spaces !== page.now.shut) { // the house opened or closed: not all readers at once
      setTimeout(() => location.reload(), RELOAD_MS * (1 + Math.random()));
      return;
    }
    if (next.plan !== page.now.plan) { // the site file changed: these are other spots than those drawn here
      heard = { steady: -Infinity, wall: -Infinity };
      age();
      setTimeout(() => location.reload(), RELOAD_MS);
      return;
    }
    frame = next;
    heard = instant();
    paint(frame);
    document.dispatchEvent(new CustomEvent("ledig:frame", { detail: news }));
    age();
  }

  function listen() {
    if (source) source.close();
    asked = instant();
    const stream = new EventSource(page.stream);
    source = stream;
    stream.onmessage = (event) => take(event.data);
    stream.addEventListener("ended", () => location.reload()); // the session: the login comes, and leads back here
    stream.onerror = () => {
      if (stream.readyState === EventSource.CLOSED) setTimeout(ask, POLL_MS); // refused: no seat, or no session
    };
  }
  async function ask() {
    try {
      const answer = await fetch(page.frame);
      if (answer.ok) take(await answer.text());
      if (answer.status === 401) location.reload(); // the session ended: the login comes, and leads back here
    } catch {
      // the network is away; `age` says so, and we ask again
    }
    listen();
  }

  /* The plan by keyboard: one stop for Tab, arrows from spot to spot in the order of the house. */
  const spots = [...document.querySelectorAll(".mark[id]")];
  function tell(spot) {
    at("told").textContent = spot.querySelector("title").textContent;
  }
  spots.forEach((spot, index) => {
    spot.addEventListener("focus", () => tell(spot));
    spot.addEventListener("click", () => spot.focus());
    spot.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = spots[(index + step + spots.length) % spots.length];
      spot.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
      next.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
  });
  if (spots.length) spots[0].tabIndex = 0;

  listen();
  setInterval(age, 1000);
  document.addEventListener("visibilitychange", age);
})();
