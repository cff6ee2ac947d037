/* Keeps the page of alerts right without a reload: when a frame's mark is another one, the part is asked for anew. */
import { follow } from "./link.js";

const page = JSON.parse(document.getElementById("page").textContent);
const lost = document.getElementById("lost");
let link = document.body.dataset.link;
let busy = false;

async function renew(mark) {
  const here = document.getElementById("alerts");
  if (busy || mark === here.dataset.mark || here.contains(document.activeElement)) return; // not under a hand
  busy = true;
  try {
    const answer = await fetch(location.pathname);
    if (answer.redirected) location.reload(); // the session ended: the login comes, and leads back here
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("alerts");
    if (next) here.replaceWith(document.adoptNode(next));
  } catch {
    // the network is away; the line says so, and the next frame asks again
  } finally {
    busy = false;
  }
}

const line = follow(page, (frame) => {
  link = frame.public.link;
  renew(frame.alerts.mark);
  return true;
}, () => {
  const away = line && line.lost();
  const told = away ? "page_away" : link;
  if (document.body.dataset.link === told) return;
  document.body.dataset.link = told;
  lost.textContent = away ? page.lost : "";
  if (away) fetch(location.pathname).then((answer) => answer.redirected && location.reload(), () => {});
});
