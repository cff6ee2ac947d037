/* Keeps the public part of the managers' live page up to date: answer, counts and plan. manage.js shows the managers'
   part; it gets each frame by the event `ledig:frame`. */
import { subscribe } from "./link.js";
import { createTexts } from "./texts.js";

const MARK_MS = 2000;
const page = JSON.parse(document.getElementById("page").textContent);
const texts = createTexts(page);
const at = (id) => document.getElementById(id);
const spots = [...document.querySelectorAll(".mark[id]")];
let frame = page.now; // as rendered by the server, until the first frame arrives
let reloads = false;

function markChanged(element) {
  element.classList.add("changed");
  setTimeout(() => element.classList.remove("changed"), MARK_MS);
}
function write(element, text) {
  if (!element || element.textContent === text) return;
  element.textContent = text;
  markChanged(element);
}
function show(element, text) {
  if (!element) return;
  element.textContent = text;
  element.hidden = !text;
}

function paint(next) {
  for (const spot of spots) {
    const code = next.spaces[spot.id.slice(1)];
    if (spot.classList.contains(`s-${code}`)) continue;
    spot.className.baseVal = `mark s-${code}`;
    spot.querySelector("title").textContent = `${spot.dataset.name}: ${texts.state(code, spot.dataset.kind)}`;
    if (document.activeElement === spot) describe(spot);
    markChanged(spot);
  }
  for (const cell of document.querySelectorAll("[data-count]")) {
    const free = (cell.dataset.zone ? next.zones[cell.dataset.zone] : next.kinds)[cell.dataset.count];
    if (free) write(cell, texts.row(free));
  }
  const free = next.kinds[at("answer")?.dataset.kind];
  if (free) {
    at("number").textContent = texts.number(free);
    at("number").classList.toggle("none", !free[0]);
    at("of").textContent = texts.answer(at("answer").dataset.kind, free);
    at("coverage").textContent = texts.coverage(free);
  }
  show(at("opens"), texts.closed(next));
  show(at("ahead"), texts.ahead(next.ahead));
  show(at("people"), texts.people(next.people, next.from_zero));
}

/* Reload when the plan or release changes: this page was rendered for other spaces. */
function accept(update) {
  const next = update.public;
  if (next.plan !== page.now.plan) {
    if (!reloads) setTimeout(() => location.reload(), MARK_MS);
    reloads = true;
    return false;
  }
  frame = next;
  paint(next);
  document.dispatchEvent(new CustomEvent("ledig:frame", { detail: update }));
  return true;
}

function tick() {
  const lost = link.lost();
  document.body.dataset.link = lost ? "page_away" : frame.link;
  const text = lost ? page.connection_lost : texts.away("data_away", frame);
  if (at("link-status").textContent !== text) at("link-status").textContent = text;
  if (at("age") && frame.age_s !== null) at("age").textContent = texts.ago(frame.age_s + link.silentMs() / 1000);
}

/* The plan by keyboard: one Tab stop; arrow keys move between spaces in the order of the site. */
function describe(spot) {
  at("selected").textContent = spot.querySelector("title").textContent;
}
spots.forEach((spot, index) => {
  spot.tabIndex = index ? -1 : 0;
  spot.addEventListener("focus", () => describe(spot));
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

const link = subscribe(page, accept, tick);
