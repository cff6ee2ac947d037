/* Fills in what only managers see. The sentences come ready-made with each frame. */
"use strict";
document.addEventListener("ledig:frame", (event) => {
  const { spaces, devices, air, findings, alerts, fault } = event.detail;
  if (!spaces) return;
  const fill = (row, told) => {
    for (const cell of row.querySelectorAll("[data-cell]")) {
      const words = told[cell.dataset.cell];
      if (cell.textContent !== words) cell.textContent = words;
    }
  };
  for (const row of document.querySelectorAll("[data-why]")) {
    const told = spaces[row.dataset.why];
    row.className = `s-${told.code}`;
    fill(row, told);
  }
  for (const row of document.querySelectorAll("[data-device]")) {
    const told = devices[row.dataset.device];
    row.className = `d-${told.code}`;
    fill(row, told);
  }
  for (const mark of document.querySelectorAll(".mark[data-space]")) {
    const told = spaces[mark.dataset.space];
    mark.querySelector("title").textContent = `${mark.dataset.name}: ${told.word}. ${told.why}`;
  }
  for (const cell of document.querySelectorAll("[data-readings]")) cell.textContent = air[cell.dataset.readings];
  const found = JSON.stringify(findings);
  const list = document.querySelector("#found tbody");
  if (list.dataset.told !== found) {
    list.dataset.told = found;
    list.replaceChildren(...findings.map((finding) => {
      const row = document.getElementById("finding").content.cloneNode(true);
      fill(row, finding);
      const { device, sensor, kind, answer } = finding;
      for (const [name, value] of Object.entries({ device, sensor, finding: kind, answer })) {
        row.querySelector(`[name="${name}"]`).value = value;
      }
      return row;
    }));
    document.getElementById("found").hidden = !findings.length;
    document.getElementById("well").hidden = findings.length > 0;
  }
  const lines = document.getElementById("alert-lines");
  if (lines && lines.dataset.mark !== alerts.mark) {
    lines.dataset.mark = alerts.mark;
    document.getElementById("alert-count").textContent = alerts.headline || lines.dataset.none;
    lines.replaceChildren(...alerts.lines.map((words) => Object.assign(document.createElement("li"), { textContent: words })));
  }
  const line = document.getElementById("fault");
  line.textContent = fault;
  line.hidden = !fault;
});
