/* The plan by touch and keyboard: one Tab stop per floor; arrow keys move between spaces in the order of the room. */
export function createFloors(page, texts) {
  const at = (id) => document.getElementById(id);
  const spots = [...document.querySelectorAll("a.mark")];
  let selected = null;
  let codes = "";
  let hidden = false; // single spaces are hidden

  function describe() {
    if (!selected || !codes) return;
    const place = selected.id.slice(1);
    const [kind, zone, bits] = page.spots[place];
    const code = codes[place];
    const has = page.needs.filter(([bit]) => bits & bit).map(([, name]) => name.toLowerCase());
    at("spot-name").textContent = selected.dataset.name;
    at("spot-state").setAttribute("class", `s-${code}`);
    at("spot-state").lastElementChild.textContent = texts.fill("space.state", {
      state: texts.state(code, kind),
      because: texts.because(code, kind, hidden),
    });
    const what = texts.fill(`one.${kind}`, { zone: page.zones[zone][1] });
    at("spot-what").textContent = has.length ? `${what}: ${has.join(", ")}` : what;
    at("spot-usual").textContent = page.usual[`${zone} ${kind}`] || "";
    at("spot").hidden = false;
  }
  function select(spot) {
    selected?.classList.remove("selected");
    selected = spot;
    spot.classList.add("selected");
    describe();
  }
  for (const floor of document.querySelectorAll(".floor")) {
    const here = spots.filter((spot) => floor.contains(spot));
    here.forEach((spot, index) => {
      spot.setAttribute("tabindex", index ? -1 : 0);
      spot.addEventListener("focus", () => select(spot));
      spot.addEventListener("click", (event) => {
        event.preventDefault();
        select(spot);
      });
      spot.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        const next = here[(index + step + here.length) % here.length];
        spot.setAttribute("tabindex", -1);
        next.setAttribute("tabindex", 0);
        next.focus();
        next.scrollIntoView({ block: "nearest", inline: "nearest" });
      });
    });
  }
  return (next, hides) => {
    codes = next;
    hidden = hides;
    describe();
  };
}
