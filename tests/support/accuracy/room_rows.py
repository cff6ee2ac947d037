"""Writes rows like those of the recording of a room."""

from bench.accuracy import room_estimation

ROOM_HEADER = "Date,Time," + ",".join(
    [*(f"S{desk}_{what}" for what in ("Light", "Sound") for desk in (1, 2, 3, 4)), "S5_CO2", "S6_PIR", "S7_PIR"]
)


def write_room_rows(*, broken: str = "") -> str:
    """Return two hours of rows: somebody in the first, nobody in the second; optionally with a broken row."""
    lines = [f"{ROOM_HEADER},{room_estimation.PEOPLE}"]
    for place in range(240):
        moment = f"2026/01/05,{8 + place // 120:02}:{place % 120 // 2:02}:{place % 2 * 30:02}"
        moved = int(place < 120 and place % 3 == 0)
        lines.append(f"{moment},5,5,5,5,0.1,0.1,0.1,0.1,500,{moved},{moved},{int(place < 120)}")
        if broken and place == 100:
            lines.append(broken)
    return "\n".join(lines) + "\n"
