/* Draws the figures that the page carries, in the page's own colours. */
"use strict";
(() => {
  // Plotly makes style elements of its own; they get the page's nonce, without which the policy blocks them.
  const { nonce } = document.currentScript;
  const make = document.createElement.bind(document);
  document.createElement = (name, options) => {
    const made = make(name, options);
    if (name === "style") made.nonce = nonce;
    return made;
  };

  const figures = [...document.querySelectorAll("script[data-figure]")].map((said) => ({
    place: said.dataset.figure,
    ...JSON.parse(said.textContent),
  }));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function draw() {
    for (const figure of figures) drawOne(figure);
  }
  function drawOne(figure) {
    const ink = colour("--ink");
    const line = colour("--line");
    for (const trace of figure.data) {
      (trace.line ?? trace.marker).color = colour(trace.meta);
      if (trace.fill) trace.fillcolor = `${colour(trace.meta)}33`; // a band lies behind its line
    }
    const axis = { color: ink, gridcolor: line, linecolor: line, zerolinecolor: line };
    const layout = {
      ...figure.layout,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, size: 14, color: ink },
      hoverlabel: { bgcolor: colour("--ground"), font: { color: ink } },
      xaxis: { ...figure.layout.xaxis, ...axis },
      yaxis: { ...figure.layout.yaxis, ...axis },
    };
    Plotly.react(figure.place, figure.data, layout, { responsive: true, displayModeBar: false });
  }
  document.addEventListener("DOMContentLoaded", draw); // Plotly has been loaded by then
  dark.addEventListener("change", draw);
})();
