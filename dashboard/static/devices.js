/* Keeps the page of devices right without a reload: ages come with each frame; whatever else changes is asked for anew. */
import { follow } from "./link.js";

const OLD_MS = 60000; // the sensors' ages are no older than that
const page = JSON.parse(document.getElementById("page").textContent);
const lost = document.getElementById("lost");
const here = location.pathname;
let link = document.body.dataset.link;
let busy = false;
let asked = performance.now();

async function renew(mark) {
  const part = document.getElementById("fleet");
  const old = performance.now() - asked > OLD_MS;
  if (busy || (mark === part.dataset.mark && !old) || part.contains(document.activeElement)) return; // not under a hand
  busy = true;
  asked = performance.now();
  try {
    const answer = await fetch(here);
    if (answer.redirected) location.reload(); // the session ended: the login comes, and leads back here
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("fleet");
    if (!next) return;
    for (const open of part.querySelectorAll("details")) { // what somebody opened or closed stays so
      const same = next.querySelector(`#${CSS.escape(open.closest("section").id)} details`);
      if (same) same.open = open.open;
    }
    part.replaceWith(document.adoptNode(next));
  } catch {
    // the network is away; the line says so, and the next frame asks again
  } finally {
    busy = false;
  }
}

function fill(devices) {
  for (const section of document.querySelectorAll("[data-device]")) {
    const told = devices[section.dataset.device];
    for (const cell of told ? section.querySelectorAll("[data-cell]") : []) {
      const words = told[cell.dataset.cell] || (cell.tagName === "DD" ? "–" : "");
      if (cell.textContent !== words) cell.textContent = words;
    }
  }
}

const line = follow(page, (frame) => {
  link = frame.public.link;
  fill(frame.devices);
  renew(frame.mark);
  return true;
}, () => {
  const away = line && line.lost();
  const told = away ? "page_away" : link;
  if (document.body.dataset.link === told) return;
  document.body.dataset.link = told;
  lost.textContent = away ? page.lost : "";
  if (away) fetch(here).then((answer) => answer.redirected && location.reload(), () => {});
});
