/* Keeps the alerts page up to date without a reload: fetches the list again when the frame's mark changes. */
import { subscribe } from "./link.js";

const page = JSON.parse(document.getElementById("page").textContent);
const linkStatus = document.getElementById("link-status");
let link = document.body.dataset.link;
let busy = false;

async function refresh(mark) {
  const here = document.getElementById("alerts");
  if (busy || mark === here.dataset.mark || here.contains(document.activeElement)) return; // not while somebody uses it
  busy = true;
  try {
    const answer = await fetch(location.pathname);
    if (answer.redirected) location.reload(); // the session ended: the login page returns here
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("alerts");
    if (next) here.replaceWith(document.adoptNode(next));
  } catch {
    // no network: the status line shows it, and the next frame tries again
  } finally {
    busy = false;
  }
}

const connection = subscribe(page, (frame) => {
  link = frame.public.link;
  refresh(frame.alerts.mark);
  return true;
}, () => {
  const away = connection && connection.lost();
  const shownLink = away ? "page_away" : link;
  if (document.body.dataset.link === shownLink) return;
  document.body.dataset.link = shownLink;
  linkStatus.textContent = away ? page.connection_lost : "";
  if (away) fetch(location.pathname).then((answer) => answer.redirected && location.reload(), () => {});
});
