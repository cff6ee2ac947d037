/* The plan by touch and keyboard: one stop for Tab on each floor, arrows from spot to spot in the order of the room. */
export function floors(page, say) {
  const at = (id) => document.getElementById(id);
  const spots = [...document.querySelectorAll("a.mark")];
  let told = null;
  let codes = "";

  function tell() {
    if (!told || !codes) return;
    const place = told.id.slice(1);
    const [kind, zone, bits] = page.spots[place];
    const code = codes[place];
    const because = page.words[`because.${code}` + (kind === "equipment" ? ".machine" : "")];
    const has = page.needs.filter(([bit]) => bits & bit).map(([, word]) => word.toLowerCase());
    at("spot-name").textContent = told.dataset.name;
    at("spot-state").setAttribute("class", `s-${code}`);
    at("spot-state").lastElementChild.textContent = say.fill("spot.state", {
      state: say.state(code, kind),
      because: because || page.words[`because.${code}`],
    });
    const what = say.fill(`one.${kind}`, { zone: page.zones[zone][1] });
    at("spot-what").textContent = has.length ? `${what}: ${has.join(", ")}` : what;
    at("spot-usual").textContent = page.usual[`${zone} ${kind}`] || "";
    at("spot").hidden = false;
  }
  function choose(spot) {
    told?.classList.remove("told");
    told = spot;
    spot.classList.add("told");
    tell();
  }
  for (const floor of document.querySelectorAll(".floor")) {
    const here = spots.filter((spot) => floor.contains(spot));
    here.forEach((spot, index) => {
      spot.setAttribute("tabindex", index ? -1 : 0);
      spot.addEventListener("focus", () => choose(spot));
      spot.addEventListener("click", (event) => {
        event.preventDefault();
        choose(spot);
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
  return (next) => {
    codes = next;
    tell();
  };
}
