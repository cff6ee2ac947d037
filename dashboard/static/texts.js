/* Builds the texts of a frame from the same templates and the same table of cases as the server. A template with plural
forms has them by category of its number `n`. */
export function createTexts({ texts: templates, cases }) {
  const plural = new Intl.PluralRules(document.documentElement.lang);
  const insert = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const fill = (key, values) => insert(templates[key][plural.select(values.n || 0)] || templates[key], values);
  /* The text of the first case whose template the page has and whose limits hold: [low, high], numbers or names. */
  function select(name, values) {
    const read = (side) => values[side] ?? side;
    for (const [form, limits, unit] of cases[name]) {
      const key = insert(form, values);
      if ((key && !templates[key]) || !limits.every(([low, high]) => read(low) <= read(high))) continue;
      return key && fill(key, { ...values, n: Math.floor(values.n / unit) });
    }
    throw new Error(`no case of ${name}`);
  }
  const at = (time) => {
    const [h, m] = time.split(":");
    return fill("at", { h, m });
  };
  const hour = (clock) => {
    const [h, m = "00"] = clock.split(":");
    return clock && fill("hour", { h: h.padStart(2, "0"), m });
  };
  const count = ([least, most, capacity]) => ({ least, most, capacity, unknown: most - least, n: most - least, of: capacity });
  const number = (free) => select("free", count(free));
  return {
    fill,
    at,
    number,
    state: (code, kind) => select("state", { code, kind }),
    because: (code, kind, hidden) => select("because", { code, kind, is_hidden: +hidden }),
    row: (free, wanted = 0) => select("row", { ...count(free), is_filtered: wanted, free: number(free) }),
    answer: (kind, free) => select("answer", { ...count(free), kind, n: free[1] }),
    coverage: (free) => select("coverage", count(free)),
    missing: (zone, free, since) => select("no_data", { ...count(free), zone, has_time: +!!since, at: since && at(since) }),
    ago: (seconds) => select("age", { n: Math.floor(seconds) }),
    supply: ({ level_pct: n = null, low }) => select("supply", { n, is_known: +(n !== null), is_low: +!!low }),
    people: (people, fromZero) => people
      ? select("people", { least: people[0], most: people[1], n: people[1], is_from_zero: +fromZero })
      : "",
    ahead: (parts) => parts
      .map(([key, begin, end, n]) => fill(key, { begin: hour(begin), end: hour(end), n }))
      .join(" "),
    away: (name, { link, since }) =>
      select(name, { is_live: +(link === "live"), has_time: +!!since, at: since && at(since) }),
    closed({ closed, opens }) {
      const [n = 0, weekday, time] = opens ?? [];
      return select("closed", { is_closed: +closed, has_time: +!!time, n, weekday, at: time && at(time) });
    },
  };
}
