/* What a member needs: kept on this phone, sent to nobody. */
const KEY = "ledig.needs";

export function needs(form, changed) {
  const boxes = form ? [...form.querySelectorAll("input")] : [];
  const chosen = () => boxes.filter((box) => box.checked);
  try {
    const kept = localStorage.getItem(KEY);
    if (kept !== null) for (const box of boxes) box.checked = kept.split(" ").includes(box.value);
  } catch {
    // a browser that keeps nothing
  }
  form?.addEventListener("submit", (event) => event.preventDefault());
  form?.addEventListener("change", () => {
    try {
      localStorage.setItem(KEY, chosen().map((box) => box.value).join(" "));
    } catch {
      // the choice holds until the page is left
    }
    changed();
  });
  return {
    bits: () => chosen().reduce((sum, box) => sum | box.dataset.bits, 0),
    words: () => chosen().map((box) => box.parentElement.textContent.trim().toLowerCase()).join(", "),
  };
}

/* At least, at most, of how many: as member/needs.py counts; `site` is the same of the whole site. */
export function count(spots, codes, wanted, kind, zone, site) {
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
