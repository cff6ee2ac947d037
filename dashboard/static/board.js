/* Keeps the managers' live page right: answer, counts and plan. What only managers see is manage.js's, which hears of
   each frame by the event `ledig:frame`. */
import { follow } from "./link.js";
import { speaker } from "./say.js";

const MARK_MS = 2000;
const page = JSON.parse(document.getElementById("page").textContent);
const say = speaker(page.words);
const at = (id) => document.getElementById(id);
const spots = [...document.querySelectorAll(".mark[id]")];
let frame = page.now; // as the server wrote it, until the first frame comes
let reloads = false;

function mark(element) {
  element.classList.add("changed");
  setTimeout(() => element.classList.remove("changed"), MARK_MS);
}
function write(element, text) {
  if (!element || element.textContent === text) return;
  element.textContent = text;
  mark(element);
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
    spot.querySelector("title").textContent = `${spot.dataset.name}: ${say.state(code, spot.dataset.kind)}`;
    if (document.activeElement === spot) tell(spot);
    mark(spot);
  }
  for (const cell of document.querySelectorAll("[data-count]")) {
    const free = (cell.dataset.zone ? next.zones[cell.dataset.zone] : next.kinds)[cell.dataset.count];
    if (free) write(cell, say.row(free));
  }
  const free = next.kinds[at("answer")?.dataset.kind];
  if (free) {
    at("number").textContent = say.number(free);
    at("number").classList.toggle("none", !free[0]);
    at("of").textContent = say.answer(at("answer").dataset.kind, free);
    at("sure").textContent = say.heard(free);
  }
  show(at("opens"), next.closed && !next.opens ? page.words["opens.unknown"] : next.opens ? say.opens(next.opens) : "");
  show(at("ahead"), say.ahead(next.ahead));
  show(at("people"), say.people(next.people, next.from_zero));
}

/* Another plan or release: this page was made for other spots. */
function take(news) {
  const next = news.public;
  if (next.plan !== page.now.plan) {
    if (!reloads) setTimeout(() => location.reload(), MARK_MS);
    reloads = true;
    return false;
  }
  frame = next;
  paint(next);
  document.dispatchEvent(new CustomEvent("ledig:frame", { detail: news }));
  return true;
}

function tick() {
  const lost = link.lost();
  document.body.dataset.link = lost ? "page_away" : frame.link;
  const away = frame.since ? say.fill("lost", { at: say.at(frame.since) }) : page.words["lost.never"];
  const text = lost ? page.lost : frame.link === "live" ? "" : away;
  if (at("lost").textContent !== text) at("lost").textContent = text;
  if (at("age") && frame.age_s !== null) at("age").textContent = say.ago(frame.age_s + link.silentMs() / 1000);
}

/* The plan by keyboard: one stop for Tab, arrows from spot to spot in the order of the house. */
function tell(spot) {
  at("told").textContent = spot.querySelector("title").textContent;
}
spots.forEach((spot, index) => {
  spot.tabIndex = index ? -1 : 0;
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

const link = follow(page, take, tick);
