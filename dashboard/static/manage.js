/* Updates the managers' part of the live page. Each frame contains the finished sentences. */
"use strict";
(() => {
  const { texts, min_coverage: minCoverage } = JSON.parse(document.getElementById("page").textContent);
  const at = (id) => document.getElementById(id);

  function fillRow(row, space) {
    row.className = `s-${space.code}`;
    for (const cell of row.querySelectorAll("[data-cell]")) {
      const text = space[cell.dataset.cell];
      if (cell.textContent !== text) cell.textContent = text;
    }
  }
  /* A new lowest number of free spaces today, before it is in the history. As on the server, an unknown space counts as
     free, and enough spaces must be known. */
  function paintFewest({ link, closed, clock, kinds }) {
    const line = at("fewest");
    const free = kinds[at("answer")?.dataset.kind];
    if (!line || !free || closed || link !== "live") return;
    const [least, most, capacity] = free;
    if (most >= Number(line.dataset.least) || 1 - (most - least) / capacity < minCoverage) return;
    line.dataset.least = most;
    const [h, m] = clock.split(":");
    line.textContent = texts.fewest.replace("{n}", most).replace("{at}", texts.at.replace("{h}", h).replace("{m}", m));
  }
  function paintAlerts(alerts) {
    const lines = at("alert-lines");
    if (lines.dataset.mark === alerts.mark) return;
    lines.dataset.mark = alerts.mark;
    at("alert-count").textContent = alerts.headline || lines.dataset.none;
    lines.replaceChildren(...alerts.lines.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  }

  document.addEventListener("ledig:frame", (event) => {
    const { public: now, spaces, air, alerts, device_summary: summary, fault } = event.detail;
    if (!spaces) return;
    for (const row of document.querySelectorAll("[data-why]")) fillRow(row, spaces[row.dataset.why]);
    for (const mark of document.querySelectorAll(".mark[data-space]")) {
      const space = spaces[mark.dataset.space];
      mark.querySelector("title").textContent = `${mark.dataset.name}: ${space.label}. ${space.why}`;
    }
    for (const cell of document.querySelectorAll("[data-readings]")) cell.textContent = air[cell.dataset.readings];
    paintFewest(now);
    paintAlerts(alerts);
    if (at("device-summary").textContent !== summary) at("device-summary").textContent = summary;
    at("fault").textContent = fault;
    at("fault").hidden = !fault;
  });
})();
