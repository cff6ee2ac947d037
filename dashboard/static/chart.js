/* Draws the charts embedded in the page, in the page's colours. */
"use strict";
(() => {
  // Plotly creates style elements; without the page's nonce the content security policy blocks them.
  const { nonce } = document.currentScript;
  const make = document.createElement.bind(document);
  document.createElement = (name, options) => {
    const made = make(name, options);
    if (name === "style") made.nonce = nonce;
    return made;
  };

  const figures = [...document.querySelectorAll("script[data-figure]")].map((script) => ({
    place: script.dataset.figure,
    ...JSON.parse(script.textContent),
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
      if (trace.fill) trace.fillcolor = `${colour(trace.meta)}33`; // a band is drawn behind its line
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
  document.addEventListener("DOMContentLoaded", draw); // Plotly is loaded by then
  dark.addEventListener("change", draw);
})();
