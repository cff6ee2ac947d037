/* The sentences of a frame, as dashboard/words.py makes them; `words` are its templates. */
export function speaker(words) {
  const fill = (key, values) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const at = (time) => {
    const [h, m] = time.split(":");
    return fill("at", { h, m });
  };
  const number = ([least, most, capacity]) =>
    capacity && least === 0 && most === capacity ? "?" : least === most ? `${least}` : `${least}–${most}`;
  return {
    fill,
    at,
    number,
    state: (code, kind) => words[`state.${code}` + (kind === "equipment" ? ".machine" : "")],
    row: (free) => fill("row", { free: number(free), capacity: free[2] }),
    answer(kind, [, most, capacity]) {
      const form = capacity === 1 ? "single" : most === 1 ? "one" : "many";
      return fill(`answer.${kind}.${form}`, { capacity });
    },
    heard: ([least, most, capacity]) => fill(most > least ? "unheard" : "heard", { n: most - least, of: capacity }),
    ago(seconds) {
      const [key, unit] = seconds < 120 ? ["ago.s", 1] : seconds < 7200 ? ["ago.min", 60] : ["ago.h", 3600];
      return fill(key, { n: Math.floor(seconds / unit) });
    },
    opens([days, weekday, time]) {
      const key = ["opens.today", "opens.tomorrow"][days] || (days > 7 ? "opens.later" : `opens.${weekday}`);
      return fill(key, { at: at(time), n: days });
    },
  };
}
