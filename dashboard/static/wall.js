/* Keeps the wall screen up to date for weeks. Only text and classes change; no element is added. */
import { subscribe } from "./link.js";
import { createTexts } from "./texts.js";

const TURN_MS = 20000; // how long each floor is shown
const SHIFT_MS = 60000;
const MARK_MS = 2000;
const RETRY_MS = 5000;

const page = JSON.parse(document.getElementById("page").textContent);
const texts = createTexts(page);
const at = (id) => document.getElementById(id);
const marks = page.closed ? [] : page.spaces.map((_, place) => at(`s${place}`));
const rows = [...document.querySelectorAll("[data-place]")];
const counts = [...document.querySelectorAll("[data-count]")];
let frame = page.now;
let reloadTriedMs = 0;

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/* Reload when the plan or release changes, or the site opens or closes: this page was rendered for another state. */
function accept(next) {
  if (next.plan !== page.now.plan || next.closed !== page.closed) {
    reload();
    return false;
  }
  frame = next;
  write(at("clock"), next.clock);
  if (next.closed) write(at("answer"), texts.closed(next));
  else paint(next);
  return true;
}

/* Reload only if the server answers: the browser's own error page would never come back. */
async function reload() {
  if (performance.now() - reloadTriedMs < RETRY_MS) return;
  reloadTriedMs = performance.now();
  try {
    const answer = await fetch(location.href);
    if (answer.ok) location.reload();
  } catch {
    // the server is away; the shown age grows
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
    write(row.lastElementChild, texts.state(code, row.dataset.kind));
  }
  for (const row of counts) {
    const free = next.kinds[row.dataset.count];
    if (free) write(row.lastElementChild, texts.row(free));
  }
  const free = next.kinds[page.kind];
  if (!free) return;
  write(at("number"), texts.number(free));
  at("number").classList.toggle("none", free[0] === 0);
  write(at("of"), texts.answer(page.kind, free));
  write(at("coverage"), texts.coverage(free));
}

/* The age grows between frames. */
function tick() {
  const lost = link.lost();
  document.body.dataset.link = lost ? "page_away" : frame.link;
  const away = lost ? texts.fill("wall.page_away", { at: texts.at(frame.clock) }) : texts.away("wall_away", frame);
  write(at("link-status"), away);
  at("clock").hidden = lost; // a stopped clock is worse than none
  const seconds = frame.age_s === null ? null : frame.age_s + link.silentMs() / 1000;
  if (at("age")) write(at("age"), seconds === null ? "–" : texts.ago(seconds));
}

/* Shows one floor at a time; with reduced motion all of them, as without this script. */
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

/* Prevents burn-in: every minute the whole layout moves by a few pixels, in a ring. */
let shift = Number(document.body.dataset.shift);
setInterval(() => {
  shift = (shift + 1) % page.shifts;
  document.body.dataset.shift = shift;
}, SHIFT_MS);

const link = subscribe({ stream: page.stream, frame: page.frame }, accept, tick);
document.body.dataset.follows = ""; // from now on this script greys old data, not the style sheet
