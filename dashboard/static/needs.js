/* The member's needs: stored in this browser only and never sent. */
const KEY = "ledig.needs";

export function createNeeds(form, onChange) {
  const boxes = form ? [...form.querySelectorAll("input")] : [];
  const chosen = () => boxes.filter((box) => box.checked);
  try {
    const stored = localStorage.getItem(KEY);
    if (stored !== null) for (const box of boxes) box.checked = stored.split(" ").includes(box.value);
  } catch {
    // storage is not available
  }
  form?.addEventListener("submit", (event) => event.preventDefault());
  form?.addEventListener("change", () => {
    try {
      localStorage.setItem(KEY, chosen().map((box) => box.value).join(" "));
    } catch {
      // the choice lasts until the page is closed
    }
    onChange();
  });
  return {
    bits: () => chosen().reduce((sum, box) => sum | box.dataset.bits, 0),
    names: () => chosen().map((box) => box.parentElement.textContent.trim().toLowerCase()).join(", "),
  };
}

/* Counts [least, most, capacity] as the server does; `site` is the count of the whole site. */
export function countFree(spots, codes, wanted, kind, zone, site) {
  const free = [0, 0, 0];
  spots.forEach(([of, within, has], place) => {
    const code = codes[place];
    if (of !== kind || (zone && within !== +zone) || (has & wanted) !== wanted || code === "d") return;
    free[0] += code === "v";
    free[1] += code === "v" || code === "u";
    free[2] += 1;
  });
  if (site) free[0] = Math.max(free[0], free[2] - site[2] + site[0]);
  return free;
}
