/* Builds the texts of a frame from the same templates as the server. One with plural forms has them by category of its
number `n`. */
export function createTexts(templates, minPeople) {
  const plural = new Intl.PluralRules(document.documentElement.lang);
  const fill = (key, values) =>
    (templates[key][plural.select(values.n || 0)] || templates[key]).replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const at = (time) => {
    const [h, m] = time.split(":");
    return fill("at", { h, m });
  };
  const hour = (clock) => {
    const [h, m = "00"] = clock.split(":");
    return clock && fill("hour", { h: h.padStart(2, "0"), m });
  };
  const number = ([least, most, capacity]) =>
    capacity && least === 0 && most === capacity ? "?" : least === most ? `${least}` : `${least}–${most}`;
  return {
    fill,
    at,
    number,
    state: (code, kind) => templates[`state.${code}` + (kind === "equipment" ? ".machine" : "")],
    row: (free) => (free[2] ? fill("row", { free: number(free), capacity: free[2] }) : templates["state.d"]),
    answer: (kind, [, most, capacity]) =>
      capacity === 1 ? templates[`answer.${kind}.single`] : fill(`answer.${kind}`, { n: most, capacity }),
    coverage: ([least, most, capacity]) => fill(most > least ? "some_unknown" : "all_known", { n: most - least, of: capacity }),
    ago(seconds) {
      const [key, unit] = seconds < 120 ? ["ago.s", 1] : seconds < 7200 ? ["ago.min", 60] : ["ago.h", 3600];
      return fill(key, { n: Math.floor(seconds / unit) });
    },
    supply: ({ level_pct: n = null, low }) => (n === null ? templates["state.u"] : fill(low ? "supply.low" : "supply", { n })),
    people(people, fromZero) {
      if (!people) return "";
      const key = fromZero ? "people" : "people.so_far";
      const [least, most] = people;
      if (most < minPeople) return fill(`${key}.few`, { n: minPeople });
      return fill(least === most ? key : least ? `${key}.range` : `${key}.most`, { n: most, least, most });
    },
    ahead: (parts) => parts
      .map(([key, begin, end, n]) => fill(key, { begin: hour(begin), end: hour(end), n }))
      .join(" "),
    opens([days, weekday, time]) {
      const key = ["opens.today", "opens.tomorrow"][days] || (days > 7 ? "opens.later" : `opens.${weekday}`);
      return fill(key, { at: at(time), n: days });
    },
  };
}
