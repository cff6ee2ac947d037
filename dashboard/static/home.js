/* Keeps the member page up to date without a reload; builds the same sentences as the server. */
import { createFloors } from "./floors.js";
import { subscribe } from "./link.js";
import { countFree, createNeeds } from "./needs.js";
import { createTexts } from "./texts.js";

const MARK_MS = 2000;
const page = JSON.parse(document.getElementById("page").textContent);
const texts = createTexts(page);
const at = (id) => document.getElementById(id);
const all = (selector) => [...document.querySelectorAll(selector)];
const saved = +document.body.dataset.saved; // when a cached page was stored; it is old from the start
const born = saved || Date.now();
const needs = createNeeds(at("needs"), () => {
  paint();
  openFloor();
});
const showSpaces = createFloors(page, texts);
let frame = page.now; // as rendered by the server, until the first frame arrives
let reloads = false;

function write(element, text) {
  if (!element || element.textContent === text) return;
  element.textContent = text;
  markChanged(element);
}
function markChanged(element) {
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
  const wanted = needs.bits();
  const count = (kind, zone) => countFree(page.spots, spaces, wanted, kind, zone, frame.kinds[kind]);
  page.spots.forEach(([kind, , has], place) => {
    const spot = at(`s${place}`);
    const code = spaces[place];
    spot.classList.toggle("out", (has & wanted) !== wanted);
    if (spot.classList.contains(`s-${code}`)) return;
    spot.classList.remove(..."voaud".split("").map((old) => `s-${old}`));
    spot.classList.add(`s-${code}`);
    spot.setAttribute("aria-label", `${spot.dataset.name}: ${texts.state(code, kind)}`);
    markChanged(spot);
  });
  for (const row of all("tr[data-place]")) {
    const code = spaces[row.dataset.place];
    row.className = `s-${code}`;
    row.hidden = (page.spots[row.dataset.place][2] & wanted) !== wanted;
    write(row.lastElementChild, texts.state(code, page.spots[row.dataset.place][0]));
  }
  for (const cell of all("[data-count]")) {
    const free = count(cell.dataset.count, cell.dataset.zone);
    write(cell, texts.row(free, wanted));
  }
  for (const cell of all("[data-supply]")) {
    write(cell, texts.supply(frame.supplies[cell.dataset.supply]));
    cell.parentElement.hidden = wanted;
  }
  if (at("named")) at("named").hidden = wanted && !document.querySelector("tr[data-place]:not([hidden])");
  paintMatches(wanted);
  for (const cell of all("[data-air]")) cell.textContent = page.texts[`air.${frame.air[cell.dataset.air]}`] || "";
  if (page.kind) paintAnswer(count);
  show(at("only"), wanted ? texts.fill("only", { needs: needs.names() }) : "");
  if (page.query) paintOdds(count, page.query);
  const ahead = texts.ahead(frame.ahead);
  show(at("ahead"), ahead && wanted ? texts.fill("only.whole", { ahead }) : ahead);
  show(at("people"), texts.people(frame.people, frame.from_zero));
  showSpaces(spaces, frame.hides_spaces);
}
/* Indexes of the matching spaces, free ones first, in the same order as the server's. */
function matching(wanted) {
  if (!wanted) return [];
  const rank = (place) => "vuoa".indexOf(frame.spaces[place]);
  const fit = page.spots.flatMap(([, , has], place) => ((has & wanted) === wanted && rank(place) >= 0 ? [place] : []));
  return fit.sort((a, b) => rank(a) - rank(b) || a - b);
}
function paintMatches(wanted) {
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
    item.lastElementChild.textContent = texts.state(code, page.spots[place][0]);
    return item;
  });
  const [shown, folded] = at("matches").querySelectorAll("ul");
  const held = at("matches").contains(document.activeElement) ? document.activeElement.dataset.shows : undefined;
  shown.replaceChildren(...items.slice(0, page.most_matches));
  folded.replaceChildren(...items.slice(page.most_matches));
  const more = Math.max(0, items.length - page.most_matches);
  folded.parentElement.hidden = !more;
  folded.previousElementSibling.textContent = texts.fill("only.more", { n: more });
  at("matches").hidden = !items.length;
  if (held !== undefined) at("matches").querySelector(`[data-shows="${held}"]`)?.focus();
}
/* Opens the floor of the best match. */
function openFloor(place = matching(needs.bits())[0]) {
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
/* The odds of a matching space: those of each zone are counted here, the odds by these numbers came with the answer. */
function paintOdds(count, query) {
  const n = count(query.kind, query.zone)[2];
  const counts = page.zones.flatMap(([id], index) => {
    const number = ["", `${index}`].includes(query.zone) ? count(query.kind, `${index}`)[2] : 0;
    return number ? `${id}:${number}` : [];
  });
  const odds = needs.bits() ? query.odds[counts.sort().join(",")] : undefined;
  show(at("like"), odds === undefined ? "" : texts.fill("like", { needs: needs.names(), n, of: query.capacity, odds }));
}
function paintAnswer(count) {
  const free = count(page.kind);
  write(at("number"), texts.number(free));
  at("number").classList.toggle("none", !free[0]);
  at("of").textContent = texts.answer(page.kind, free);
  at("coverage").textContent = texts.coverage(free);
  const lines = frame.hides_spaces ? [page.texts["no_data.few"]] : page.zones.map(([id, zone], index) => {
    return texts.missing(zone, count(page.kind, `${index}`), frame.silent[id]);
  });
  at("no-data").replaceChildren(...lines.filter(Boolean).map((line) => {
    const item = document.createElement("li");
    item.textContent = line;
    return item;
  }));
}

/* Reload when the plan or release changes, or the site opens or closes: this page was rendered for another state. */
function accept(next) {
  const { plan, closed, clock } = page.now;
  if (next.plan !== plan || next.closed !== closed) {
    if (!reloads) setTimeout(() => location.reload(), MARK_MS * (1 + Math.random())); // so that not all phones reload at once
    reloads = true;
    return false;
  }
  frame = next;
  if (closed) show(at("opens"), texts.closed(next));
  else paint();
  if (next.clock.slice(0, 2) !== clock.slice(0, 2)) {
    page.now.clock = next.clock;
    setTimeout(refreshHour, 60000 * Math.random());
  }
  return true;
}

/* At a new hour, fetch the usual values and the day chart, which the server renders. */
async function refreshHour() {
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
  const text = lost ? texts.fill("connection_lost.since", { at: texts.at(frame.clock) }) : texts.away("data_away", frame);
  if (at("link-status").textContent !== text) at("link-status").textContent = text;
  if (at("age")) at("age").textContent = frame.age_s === null ? "–" : texts.ago(frame.age_s + link.silentMs() / 1000);
  const closed = lost && page.closed_text && Date.now() - born > page.closes_in_s * 1000;
  if (at("board")) at("board").hidden = closed;
  if (page.closed_text) show(at("opens"), closed ? page.closed_text : "");
}

document.body.classList.add("follows");
if (!frame.closed) {
  paint(); // the needs stored on this phone were not sent to the server
  if (!location.hash) openFloor();
}
const link = subscribe(page, accept, tick, saved);
if (isSecureContext) navigator.serviceWorker?.register(page.worker);
