/* Keeps the devices page up to date without a reload: each frame has the ages; other changes are fetched again. */
import { subscribe } from "./link.js";

const MAX_AGE_MS = 60000; // the sensors' ages are refreshed at least this often
const page = JSON.parse(document.getElementById("page").textContent);
const linkStatus = document.getElementById("link-status");
const here = location.pathname;
let link = document.body.dataset.link;
let busy = false;
let requested = performance.now();

async function refresh(mark) {
  const part = document.getElementById("device-list");
  const old = performance.now() - requested > MAX_AGE_MS;
  if (busy || (mark === part.dataset.mark && !old) || part.contains(document.activeElement)) return; // not while somebody uses it
  busy = true;
  requested = performance.now();
  try {
    const answer = await fetch(here);
    if (answer.redirected) location.reload(); // the session ended: the login page returns here
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("device-list");
    if (!next) return;
    for (const open of part.querySelectorAll("details")) { // keep what somebody opened or closed
      const same = next.querySelector(`#${CSS.escape(open.closest("section").id)} details`);
      if (same) same.open = open.open;
    }
    part.replaceWith(document.adoptNode(next));
  } catch {
    // no network: the status line shows it, and the next frame tries again
  } finally {
    busy = false;
  }
}

function fill(devices) {
  for (const section of document.querySelectorAll("[data-device]")) {
    const device = devices[section.dataset.device];
    for (const cell of device ? section.querySelectorAll("[data-cell]") : []) {
      const text = device[cell.dataset.cell] || (cell.tagName === "DD" ? "–" : "");
      if (cell.textContent !== text) cell.textContent = text;
    }
  }
}

const connection = subscribe(page, (frame) => {
  link = frame.public.link;
  fill(frame.devices);
  refresh(frame.mark);
  return true;
}, () => {
  const away = connection && connection.lost();
  const shownLink = away ? "page_away" : link;
  if (document.body.dataset.link === shownLink) return;
  document.body.dataset.link = shownLink;
  linkStatus.textContent = away ? page.connection_lost : "";
  if (away) fetch(here).then((answer) => answer.redirected && location.reload(), () => {});
});
