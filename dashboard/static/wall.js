/* Keeps the foyer screen right for weeks. Nothing is added to the page but text; whoever is painted was there before. */
import { follow } from "./link.js";
import { speaker } from "./say.js";

const TURN_MS = 20000; // how long one floor stays
const SHIFT_MS = 60000;
const SHIFTS = 8;
const MARK_MS = 2000;
const AGAIN_MS = 5000;

const page = JSON.parse(document.getElementById("page").textContent);
const say = speaker(page.words);
const at = (id) => document.getElementById(id);
const marks = page.closed ? [] : page.spaces.map((_, place) => at(`s${place}`));
const rows = [...document.querySelectorAll("[data-place]")];
const counts = [...document.querySelectorAll("[data-count]")];
let frame = page.now;
let renewed = 0; // this page is new itself

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/* Another plan, another release, or the doors open or close: this page was made for something else. */
function take(next) {
  if (next.plan !== page.now.plan || next.closed !== page.closed) {
    renew();
    return false;
  }
  frame = next;
  write(at("clock"), next.clock);
  if (next.closed) write(at("answer"), next.opens ? say.opens(next.opens) : page.words["opens.unknown"]);
  else paint(next);
  return true;
}

/* Only when the server is there: a browser's own page of errors would never come back. */
async function renew() {
  if (performance.now() - renewed < AGAIN_MS) return;
  renewed = performance.now();
  try {
    const answer = await fetch(location.href);
    if (answer.ok) location.reload();
  } catch {
    // it is away; what we show gets old, and says so
  }
}

function paint(next) {
  const changed = [];
  marks.forEach((mark, place) => {
    const code = next.spaces[place];
    if (!mark || mark.classList.contains(`s-${code}`)) return;
    mark.setAttribute("class", `mark changed s-${code}`);
    changed.push(mark);
  });
  if (changed.length) setTimeout(() => changed.forEach((mark) => mark.classList.remove("changed")), MARK_MS);
  for (const row of rows) {
    const code = next.spaces[row.dataset.place];
    row.setAttribute("class", `s-${code}`);
    write(row.lastElementChild, say.state(code, row.dataset.kind));
  }
  for (const row of counts) {
    const free = next.kinds[row.dataset.count];
    if (free) write(row.lastElementChild, say.row(free));
  }
  const free = next.kinds[page.kind];
  if (!free) return;
  write(at("number"), say.number(free));
  at("number").classList.toggle("none", free[0] === 0);
  write(at("of"), say.answer(page.kind, free));
  write(at("sure"), say.heard(free));
}

/* The age runs on by itself. */
function tick() {
  const lost = link.lost();
  document.body.dataset.link = lost ? "page_away" : frame.link;
  const away = lost ? say.fill("wall.page_away", { at: say.at(frame.clock) }) : frame.link === "live" ? "" : unheard();
  write(at("lost"), away);
  at("clock").hidden = lost; // a clock that stands is worse than none
  const seconds = frame.age_s === null ? null : frame.age_s + link.silentMs() / 1000;
  if (at("age")) write(at("age"), seconds === null ? "–" : say.ago(seconds));
}
function unheard() {
  return frame.since ? say.fill("wall.away", { at: say.at(frame.since) }) : page.words["wall.never"];
}

/* One floor at a time, unless somebody wants no movement: then all of them, as without this script. */
const floors = [...document.querySelectorAll(".storey")];
const still = matchMedia("(prefers-reduced-motion: reduce)");
let turn = 0;
function show() {
  at("storeys").classList.toggle("turning", !still.matches);
  floors.forEach((floor, place) => floor.classList.toggle("on", place === turn % floors.length));
}
if (floors.length > 1) {
  show();
  setInterval(() => {
    turn += 1;
    show();
  }, TURN_MS);
}

/* No picture burns in: every minute all of it moves by a few pixels, in a ring. */
let shift = Number(document.body.dataset.shift);
setInterval(() => {
  shift = (shift + 1) % SHIFTS;
  document.body.dataset.shift = shift;
}, SHIFT_MS);

const link = follow({ stream: page.stream, frame: page.frame }, take, tick);
document.body.dataset.follows = ""; // from now on this script says what is old, and not the style sheet
