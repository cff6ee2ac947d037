/* Fills in what only managers see. The sentences come ready-made with each frame. */
"use strict";
document.addEventListener("ledig:frame", (event) => {
  const { spaces, devices, air, fault } = event.detail;
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
  const line = document.getElementById("fault");
  line.textContent = fault;
  line.hidden = !fault;
});
