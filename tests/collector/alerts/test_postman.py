"""Letters reach a real server through apprise, once it takes them, and whoever hands them over never waits."""

import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collector.alerts.letters import Delivered, Letter
from collector.alerts.postman import Postman, deliver, is_understood
from collector.alerts.settings import Destination
from tests.collector.alerts.takers import Taker, taker
from tests.servers import free_port, until


@pytest.fixture
def phone() -> Iterator[Taker]:
    with taker() as made:
        yield made


def letter(no: int, to: str = "phone") -> Letter:
    return Letter(no, to, f"title {no}", f"text {no}, with å, ä, ö and CO₂", 0)


def destination(url: str, name: str = "phone") -> Destination:
    return Destination(name=name, url_file=Path(name), url=url)


def gone(port: int) -> Destination:
    return destination(f"json://127.0.0.1:{port}/secret", "gone")


def test_a_letter_arrives_as_it_was_written(phone: Taker) -> None:
    with closing(Postman([destination(phone.url)])) as postman:
        postman.hand([letter(1), letter(2)])
        until(lambda: len(phone.came) == 2)
        tries: list[Delivered] = []
        until(lambda: tries.extend(postman.tries()) or len(tries) == 2)
    assert phone.came == [(one.title, one.body) for one in (letter(1), letter(2))]
    assert tries == [Delivered(letter(1), taken=True), Delivered(letter(2), taken=True)]


def test_a_letter_that_was_taken_is_not_sent_again_though_it_is_handed_over_again(phone: Taker) -> None:
    with closing(Postman([destination(phone.url)])) as postman:
        postman.hand([letter(1)])
        until(lambda: phone.came)
        postman.hand([letter(1), letter(2)])
        until(lambda: len(phone.came) == 2)
    assert [title for title, _ in phone.came] == ["title 1", "title 2"]


def test_what_a_server_refuses_is_tried_again_until_it_takes_it(phone: Taker) -> None:
    phone.status = 500
    with closing(Postman([destination(phone.url)], first_pause_s=0.02)) as postman:
        postman.hand([letter(1)])
        until(lambda: len(phone.came) >= 3)
        phone.status = 200
        tries: list[Delivered] = []
        until(lambda: tries.extend(postman.tries()) or any(one.taken for one in tries))
    assert [one.taken for one in tries] == [False] * (len(tries) - 1) + [True]


def test_a_destination_that_is_away_holds_up_no_other_and_nobody_else(phone: Taker) -> None:
    with closing(Postman([gone(free_port()), destination(phone.url)], first_pause_s=60)) as postman:
        postman.hand([letter(1, "gone"), letter(2)])
        tries: list[Delivered] = []
        until(lambda: tries.extend(postman.tries()) or len(tries) == 2)
    assert {(one.letter.to, one.taken) for one in tries} == {("gone", False), ("phone", True)}


def test_handing_over_returns_though_a_server_never_answers() -> None:
    """The first delivery hangs until the test lets it go; meanwhile letters are handed over and tries asked for."""
    go, begun = threading.Event(), threading.Event()

    def hang(_url: str, _title: str, _body: str) -> bool:
        begun.set()
        return go.wait(30)

    with closing(Postman([destination("json://x")], hang)) as postman:
        postman.hand([letter(1)])
        assert begun.wait(10)
        postman.hand([letter(1), letter(2)])
        assert postman.tries() == []
        go.set()
        tries: list[Delivered] = []
        until(lambda: tries.extend(postman.tries()) or len(tries) == 2)


def test_a_letter_that_nobody_can_take_holds_up_no_other() -> None:
    taken: list[str] = []

    def picky(_url: str, title: str, _body: str) -> bool:
        if title == "title 1":
            return False
        taken.append(title)
        return True

    with closing(Postman([destination("json://x")], picky, first_pause_s=0.01)) as postman:
        postman.hand([letter(1), letter(2), letter(3)])
        until(lambda: {"title 2", "title 3"} <= set(taken))


def test_what_is_no_longer_handed_over_is_no_longer_tried() -> None:
    tried: list[str] = []

    def refuse(_url: str, title: str, _body: str) -> bool:
        tried.append(title)
        return False

    with closing(Postman([destination("json://x")], refuse, first_pause_s=0.01)) as postman:
        postman.hand([letter(1)])
        until(lambda: len(tried) >= 2)
        postman.hand([letter(2)])
        until(lambda: tried[-1] == "title 2")
        before = len(tried)
        until(lambda: len(tried) >= before + 3)
    assert set(tried[before:]) == {"title 2"}


def test_without_a_destination_there_is_no_thread() -> None:
    before = threading.active_count()
    with closing(Postman([])) as postman:
        postman.hand([letter(1)])
        assert threading.active_count() == before
        assert postman.tries() == []


def test_an_address_is_in_no_log(phone: Taker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    phone.status = 500
    assert not deliver(phone.url, "a title", "a text")
    assert not deliver(f"json://127.0.0.1:{free_port()}/secret-of-the-house", "a title", "a text")
    assert not deliver("nonsense://secret-of-the-house", "a title", "a text")
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("url", "understood"),
    [("json://localhost/x", True), ("mailto://anna:x@example.org", True), ("nonsense://x", False), ("", False)],
)
def test_whether_apprise_knows_an_address_is_told_before_anything_is_sent(url: str, understood: bool) -> None:
    assert is_understood(url) is understood
