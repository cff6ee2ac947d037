"""`ledig init` as a real process, at a pseudo-terminal and without one."""

import errno
import os
import subprocess
import time
from pathlib import Path

import pytest

from ledig.site.site_file import read_site_file
from ledig.site_setup.new_file import create_whole_file
from tests.support.collector.faulty_disks import fill_disk, small_disk
from tests.support.command import read_error_lines, run_ledig
from tests.support.terminal import CTRL_C, CTRL_D, TerminalSession, terminal_command

ANSWERS = 'name = "The mill"\n[[floor]]\n[[floor.zone]]\ndesks = 12\n'
QUESTIONS = {
    "Name of the site": "Spinneriet",
    "Language": "sv",
    "Time zone": "Europe/Stockholm",
    "Country": "",
    "Opening hours": "mon-fri 8-18",
    "Number of floors": "",
    "Name of floor 1": "Bottenvåningen",
    "Number of zones": "",
    "Name of zone 1": "Vävsalen",
    "Desks in Vävsalen": "12",
    "Phone booths in Vävsalen": "2",
    "Meeting rooms in Vävsalen": "1",
}
"""What is typed for a site with 12 desks, by the begin of each question."""
CONFIRM, START = "Write site.toml?", "Show its pages now"


def type_answers(session: TerminalSession, until: str = CONFIRM) -> None:
    for question, answer in QUESTIONS.items():
        if question == until:
            return
        session.answer(question, answer)


def test_typed_answers_give_a_site_that_passes_the_check(tmp_path: Path) -> None:
    started_s = time.monotonic()
    with terminal_command("init", folder=tmp_path) as session:
        session.answer("Name of the site", "")
        session.wait_for("a name is needed: it must have 1 to 80 characters")
        type_answers(session)
        session.answer(CONFIRM, "")
        session.answer(START, "n")
        assert session.wait_for_end() == 0
    output = session.read_output()
    assert "Spinneriet: language sv, Europe/Stockholm, holidays of SE\nopen mon-fri 08:00-18:00\n" in output
    assert "    Vävsalen: 12 desks, 2 booths, 1 room\n" in output
    assert f"wrote {tmp_path}/site.toml\n" in output
    assert f"up {tmp_path}/site.toml --simulate\n" in output
    assert time.monotonic() - started_s < 120
    assert [path.name for path in tmp_path.iterdir()] == ["site.toml"]
    checked = run_ledig("check", tmp_path / "site.toml")
    assert checked.stdout.splitlines()[0] == (
        "site.toml: OK: Spinneriet has 1 floor, 1 zone, 15 spaces, 0 doors, 0 devices and 0 sensors"
    )
    assert [space.name for space in read_site_file(tmp_path / "site.toml").plan.spaces][11:] == [
        "Skrivbord 12", "Bås 1", "Bås 2", "Rum 1",
    ]  # fmt: skip


@pytest.mark.parametrize("keys", [CTRL_C, CTRL_D], ids=["Ctrl-C", "end of input"])
@pytest.mark.parametrize("question", ["Name of the site", "Opening hours", "Meeting rooms in Vävsalen", CONFIRM])
def test_stop_at_any_question_writes_nothing(tmp_path: Path, question: str, keys: str) -> None:
    with terminal_command("init", folder=tmp_path) as session:
        type_answers(session, until=question)
        session.press(question, keys)
        assert session.wait_for_end(keys) == 2
    assert session.read_output().endswith("nothing was written\nstopped\n")
    assert "Traceback" not in session.read_output()
    assert list(tmp_path.iterdir()) == []


def test_no_at_the_confirmation_writes_nothing(tmp_path: Path) -> None:
    with terminal_command("init", folder=tmp_path) as session:
        type_answers(session)
        session.answer(CONFIRM, "n")
        assert session.wait_for_end() == 2
    assert list(tmp_path.iterdir()) == []


def test_killed_before_the_confirmation_writes_nothing(tmp_path: Path) -> None:
    with terminal_command("init", folder=tmp_path) as session:
        type_answers(session)
        session.wait_for(CONFIRM)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keys", [CTRL_C, CTRL_D, "n\n"])
def test_site_file_stays_if_its_pages_are_not_wanted(tmp_path: Path, keys: str) -> None:
    with terminal_command("init", "mill.toml", folder=tmp_path) as session:
        type_answers(session)
        session.answer("Write mill.toml?", "y")
        session.press(START, keys)
        assert session.wait_for_end(keys) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mill.toml"]


def test_pages_start_with_simulated_sensors(tmp_path: Path) -> None:
    with terminal_command("init", folder=tmp_path, environment={"XDG_STATE_HOME": str(tmp_path / "state")}) as session:
        type_answers(session)
        session.answer(CONFIRM, "")
        session.answer(START, "")
        session.wait_for("Spinneriet has no sensors yet: each space gets a simulated one")


def test_answer_that_is_not_utf_8_is_asked_for_again(tmp_path: Path) -> None:
    with terminal_command("init", folder=tmp_path, environment={"LC_ALL": "C.UTF-8"}) as session:
        session.press("Name of the site", "\udcff\n")
        session.press("Name of the site", CTRL_C)
        session.wait_for_end(CTRL_C)
    assert "Traceback" not in session.read_output()


def test_control_characters_of_an_answer_are_shown_escaped(tmp_path: Path) -> None:
    with terminal_command("init", folder=tmp_path) as session:
        session.press("Name of the site", "M\x1b[A\n")
        session.wait_for('a name cannot be "M\\x1b[A": it must be one line without control characters')


def test_existing_file_is_never_replaced(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text("mine")
    result = run_ledig("init", site, "--answers", "/dev/stdin", "--yes", stdin=ANSWERS)
    assert result.returncode == 2
    assert read_error_lines(result) == [
        f"{site}: exists, and is never replaced; give another file, or move this one away first"
    ]
    assert site.read_text() == "mine"
    site.unlink()
    site.symlink_to(tmp_path / "nowhere")
    assert run_ledig("init", site, "--answers", "/dev/stdin", "--yes", stdin=ANSWERS).returncode == 2
    assert not (tmp_path / "nowhere").exists()


def test_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    with terminal_command("init", folder=tmp_path) as session:
        type_answers(session)
        (tmp_path / "site.toml").write_text("mine")
        session.answer(CONFIRM, "y")
        assert session.wait_for_end() == 2
    assert "exists, and is never replaced" in session.read_output()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("site.toml", "mine")]


def test_script_gives_its_answers_in_a_file(tmp_path: Path) -> None:
    answers, site = tmp_path / "answers.toml", tmp_path / "site.toml"
    answers.write_text(ANSWERS)
    result = run_ledig("init", site, "--answers", answers, "--yes")
    assert (result.returncode, read_error_lines(result)) == (0, [])
    assert f"wrote {site}" in result.stdout
    assert len(read_site_file(site).plan.spaces) == 12
    assert run_ledig("check", site).returncode == 0


def test_warnings_are_shown_before_the_confirmation(tmp_path: Path) -> None:
    answers = tmp_path / "answers.toml"
    answers.write_text(f'opening_hours = "24/7"\n{ANSWERS.replace("12", "6")}')
    with terminal_command("init", "--answers", answers, folder=tmp_path) as session:
        session.wait_for("warning: the site never closes and has 6 shared spaces: ")
        session.answer(CONFIRM, "n")
        assert session.wait_for_end() == 2


@pytest.mark.parametrize(
    ("arguments", "stdin", "problem"),
    [
        ((), "Mill\n", "there is no terminal to answer questions; give the answers with --answers FILE and --yes"),
        (("--answers", "/dev/stdin"), ANSWERS, "there is no terminal to confirm; give --yes to write without"),
        (("--answers", "/dev/stdin", "--yes"), "", "stdin, name: a name is needed"),
        (("--answers", "/nowhere/a.toml", "--yes"), "", "no such file: /nowhere/a.toml; give the path of a file"),
    ],
)
def test_missing_answers_are_wrong_usage(tmp_path: Path, arguments: tuple[str, ...], stdin: str, problem: str) -> None:
    result = run_ledig("init", tmp_path / "site.toml", *arguments, stdin=stdin)
    (line,) = read_error_lines(result)
    assert (result.returncode, line.startswith(problem)) == (2, True), line
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_reported_before_the_first_question(tmp_path: Path) -> None:
    result = run_ledig("init", tmp_path / "new" / "site.toml")
    assert result.returncode == 2
    assert read_error_lines(result) == [f"{tmp_path}/new: no such folder; run: mkdir -p {tmp_path}/new"]


def test_read_only_folder_is_reported_before_the_first_question(tmp_path: Path, as_root: None) -> None:
    with small_disk(tmp_path / "disk") as disk:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        result = run_ledig("init", disk / "site.toml", "--answers", "/dev/stdin", "--yes", stdin=ANSWERS)
    (line,) = read_error_lines(result)
    assert result.returncode == 1
    assert line.startswith(f"{disk}/site.toml: read-only file system; ")


def test_full_disk_leaves_no_part_of_a_file(tmp_path: Path, as_root: None) -> None:
    with small_disk(tmp_path / "disk") as disk:
        fill_disk(disk / "filler")
        result = run_ledig("init", disk / "site.toml", "--answers", "/dev/stdin", "--yes", stdin=ANSWERS)
        assert [path.name for path in disk.iterdir()] == ["filler"]
    (line,) = read_error_lines(result)
    assert result.returncode == 1
    assert line == f"{disk}/site.toml: no space left on device; free some disk space there"


def test_name_that_the_output_cannot_encode_is_shown_escaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    answers = tmp_path / "answers.toml"
    answers.write_text(ANSWERS.replace("The mill", "Młyn"), encoding="utf-8")
    result = run_ledig("init", tmp_path / "site.toml", "--answers", answers, "--yes")
    assert read_error_lines(result) == []
    assert "M\\u0142yn" in result.stdout
    assert read_site_file(tmp_path / "site.toml").plan.name == "Młyn"


def test_file_name_that_is_too_long_is_rejected_before_the_first_question(tmp_path: Path) -> None:
    with terminal_command("init", str(tmp_path / ("x" * 300)), folder=tmp_path) as session:
        session.wait_for("give another file name")
        assert session.wait_for_end() == 2


@pytest.mark.parametrize("none", ["0", '"0"'])
def test_answers_without_any_space_are_rejected(tmp_path: Path, none: str) -> None:
    answers = tmp_path / "answers.toml"
    answers.write_text(ANSWERS.replace("12", none), encoding="utf-8")
    result = run_ledig("init", tmp_path / "site.toml", "--answers", answers, "--yes")
    assert read_error_lines(result) == ["answers.toml: the site has no desk, booth or room; give at least 1"]
    assert not (tmp_path / "site.toml").exists()


def test_file_system_without_hard_links_still_gets_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    create_whole_file(tmp_path / "site.toml", "text\n")
    assert (tmp_path / "site.toml").read_text() == "text\n"
    assert [path.name for path in tmp_path.iterdir()] == ["site.toml"]
    with pytest.raises(FileExistsError):
        create_whole_file(tmp_path / "site.toml", "other\n")
    assert (tmp_path / "site.toml").read_text() == "text\n"
