/* Keeps the first page right without a reload; it makes the same sentences as the server. */
import { floors } from "./floors.js";
import { follow } from "./link.js";
import { count, needs } from "./needs.js";
import { speaker } from "./say.js";

const MARK_MS = 2000;
const page = JSON.parse(document.getElementById("page").textContent);
const say = speaker(page.words);
const at = (id) => document.getElementById(id);
const all = (selector) => [...document.querySelectorAll(selector)];
const saved = +document.body.dataset.saved; // when an installed page was kept: it is old from the first
const born = saved || Date.now();
const only = needs(at("needs"), () => {
  paint();
  openFloor();
});
const tell = floors(page, say);
let frame = page.now; // as the server wrote it, until the first frame comes
let reloads = false;

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
  if (!element) return;
  element.textContent = text;
  element.hidden = !text;
}

function paint() {
  const { spaces } = frame;
  const wanted = only.bits();
  const of = (kind, zone) => count(page.spots, spaces, wanted, kind, zone, frame.kinds[kind]);
  page.spots.forEach(([kind, , has], place) => {
    const spot = at(`s${place}`);
    const code = spaces[place];
    spot.classList.toggle("out", (has & wanted) !== wanted);
    if (spot.classList.contains(`s-${code}`)) return;
    spot.classList.remove(..."voaud".split("").map((old) => `s-${old}`));
    spot.classList.add(`s-${code}`);
    spot.setAttribute("aria-label", `${spot.dataset.name}: ${say.state(code, kind)}`);
    mark(spot);
  });
  for (const row of all("tr[data-place]")) {
    const code = spaces[row.dataset.place];
    row.className = `s-${code}`;
    row.hidden = (page.spots[row.dataset.place][2] & wanted) !== wanted;
    write(row.lastElementChild, say.state(code, page.spots[row.dataset.place][0]));
  }
  for (const cell of all("[data-count]")) {
    const free = of(cell.dataset.count, cell.dataset.zone);
    write(cell, wanted && !free[2] ? page.words["none.like"] : say.row(free));
  }
  for (const cell of all("[data-supply]")) {
    write(cell, say.supply(frame.supplies[cell.dataset.supply]));
    cell.parentElement.hidden = wanted;
  }
  if (at("named")) at("named").hidden = wanted && !document.querySelector("tr[data-place]:not([hidden])");
  list(wanted);
  for (const cell of all("[data-air]")) cell.textContent = page.words[`air.${frame.air[cell.dataset.air]}`] || "";
  if (page.kind) answer(of);
  show(at("only"), wanted ? say.fill("only", { needs: only.words() }) : "");
  if (page.asked) like(of, page.asked);
  const ahead = say.ahead(frame.ahead);
  show(at("ahead"), ahead && wanted ? say.fill("only.whole", { ahead }) : ahead);
  show(at("people"), say.people(frame.people, frame.from_zero));
  tell(spaces);
}
/* Places of the spaces that match, free ones first, as member/needs.py orders them. */
function matching(wanted) {
  if (!wanted) return [];
  const rank = (place) => "vuoa".indexOf(frame.spaces[place]);
  const fit = page.spots.flatMap(([, , has], place) => ((has & wanted) === wanted && rank(place) >= 0 ? [place] : []));
  return fit.sort((a, b) => rank(a) - rank(b) || a - b);
}
function list(wanted) {
  if (!at("matches")) return;
  const places = matching(wanted);
  const items = places.map((place) => {
    const item = at("match").content.firstElementChild.cloneNode(true);
    const code = frame.spaces[place];
    item.className = `s-${code}`;
    const link = item.firstElementChild;
    link.href = at(`s${place}`).getAttribute("href");
    link.dataset.shows = place;
    link.lastElementChild.textContent = at(`s${place}`).dataset.name;
    item.lastElementChild.textContent = say.state(code, page.spots[place][0]);
    return item;
  });
  const [shown, folded] = at("matches").querySelectorAll("ul");
  const held = at("matches").contains(document.activeElement) ? document.activeElement.dataset.shows : undefined;
  shown.replaceChildren(...items.slice(0, page.most_matches));
  folded.replaceChildren(...items.slice(page.most_matches));
  const more = items.length - page.most_matches;
  folded.parentElement.hidden = more <= 0;
  folded.previousElementSibling.textContent = say.fill("only.more", { n: more });
  at("matches").hidden = !items.length;
  if (held !== undefined) at("matches").querySelector(`[data-shows="${held}"]`)?.focus();
}
/* The floor on which the best match stands. */
function openFloor(place = matching(only.bits())[0]) {
  const tab = place === undefined ? null : at(`s${place}`).closest(".floor").querySelector("input");
  if (tab) tab.checked = true;
}
at("matches")?.addEventListener("click", (event) => {
  const { shows } = event.target.closest("a")?.dataset ?? {};
  if (shows === undefined) return;
  event.preventDefault();
  openFloor(shows);
  at(`s${shows}`).dispatchEvent(new MouseEvent("click", { cancelable: true }));
  at("plan").scrollIntoView({ block: "start" });
});
/* The odds of what is needed alone: how many fit is counted here, what the odds then are came with the answer. */
function like(counted, { kind, zone, of, likes }) {
  const n = counted(kind, zone)[2];
  const odds = only.bits() ? likes[n] : undefined;
  show(at("like"), odds === undefined ? "" : say.fill("like", { needs: only.words(), n, of, odds }));
}
function answer(of) {
  const free = of(page.kind);
  write(at("number"), say.number(free));
  at("number").classList.toggle("none", !free[0]);
  at("of").textContent = say.answer(page.kind, free);
  at("sure").textContent = say.heard(free);
  const lines = page.zones.map(([id, zone], index) => {
    const [least, most, capacity] = of(page.kind, `${index}`);
    const since = frame.silent[id];
    if (most === least) return "";
    if (since) return say.fill("unheard.since", { zone, at: say.at(since) });
    return say.fill("unheard.zone", { zone, n: most - least, of: capacity });
  });
  at("unheard").replaceChildren(...lines.filter(Boolean).map((line) => {
    const item = document.createElement("li");
    item.textContent = line;
    return item;
  }));
}

/* Another plan, another release, or the doors open or close: this page was made for something else. */
function take(next) {
  const { plan, closed, clock } = page.now;
  if (next.plan !== plan || next.closed !== closed) {
    if (!reloads) setTimeout(() => location.reload(), MARK_MS * (1 + Math.random())); // not all phones at once
    reloads = true;
    return false;
  }
  frame = next;
  if (closed) show(at("opens"), next.opens ? say.opens(next.opens) : page.words["opens.unknown"]);
  else paint();
  if (next.clock.slice(0, 2) !== clock.slice(0, 2)) {
    page.now.clock = next.clock;
    setTimeout(renew, 60000 * Math.random());
  }
  return true;
}

/* A new hour: what is usual, and the day's course, are drawn by the server. */
async function renew() {
  const answered = await fetch(location.pathname).catch(() => null);
  if (!answered?.ok) return;
  const made = new DOMParser().parseFromString(await answered.text(), "text/html");
  const calm = made.getElementById("calm");
  if (calm) at("calm")?.replaceWith(calm);
  if (at("closes")) at("closes").textContent = made.getElementById("closes")?.textContent ?? "";
  page.usual = JSON.parse(made.getElementById("page").textContent).usual;
}

function tick() {
  const lost = link.lost();
  document.body.dataset.link = lost ? "page_away" : frame.link;
  const heard = lost ? frame.clock : frame.since;
  const away = heard ? say.fill(lost ? "lost.since" : "lost", { at: say.at(heard) }) : page.words["lost.never"];
  const text = lost || frame.link !== "live" ? away : "";
  if (at("lost").textContent !== text) at("lost").textContent = text;
  if (at("age")) at("age").textContent = frame.age_s === null ? "–" : say.ago(frame.age_s + link.silentMs() / 1000);
  const shut = lost && page.shut && Date.now() - born > page.closes_in_s * 1000;
  if (at("board")) at("board").hidden = shut;
  if (page.shut) show(at("opens"), shut ? page.shut : "");
}

document.body.classList.add("follows");
if (!frame.closed) {
  paint(); // what this phone needs was not sent
  if (!location.hash) openFloor();
}
const link = follow(page, take, tick, saved);
if (isSecureContext) navigator.serviceWorker?.register(page.worker);
