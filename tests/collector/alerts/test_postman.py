"""Notifications reach a real server through apprise, and the caller never waits."""

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
    with taker() as receiver:
        yield receiver


def make_notification(no: int, to: str = "phone") -> Letter:
    return Letter(no, to, f"title {no}", f"text {no}, with å, ä, ö and CO₂", 0)


def destination(url: str, name: str = "phone") -> Destination:
    return Destination(name=name, url_file=Path(name), url=url)


def unreachable(port: int) -> Destination:
    return destination(f"json://127.0.0.1:{port}/secret", "gone")


def test_notification_arrives_unchanged(phone: Taker) -> None:
    with closing(Postman([destination(phone.url)])) as sender:
        sender.hand([make_notification(1), make_notification(2)])
        until(lambda: len(phone.came) == 2)
        attempts: list[Delivered] = []
        until(lambda: attempts.extend(sender.tries()) or len(attempts) == 2)
    assert phone.came == [(one.title, one.body) for one in (make_notification(1), make_notification(2))]
    assert attempts == [Delivered(make_notification(1), taken=True), Delivered(make_notification(2), taken=True)]


def test_delivered_notification_is_not_sent_again(phone: Taker) -> None:
    with closing(Postman([destination(phone.url)])) as sender:
        sender.hand([make_notification(1)])
        until(lambda: phone.came)
        sender.hand([make_notification(1), make_notification(2)])
        until(lambda: len(phone.came) == 2)
    assert [title for title, _ in phone.came] == ["title 1", "title 2"]


def test_rejected_notification_is_retried_until_accepted(phone: Taker) -> None:
    phone.status = 500
    with closing(Postman([destination(phone.url)], first_pause_s=0.02)) as sender:
        sender.hand([make_notification(1)])
        until(lambda: len(phone.came) >= 3)
        phone.status = 200
        attempts: list[Delivered] = []
        until(lambda: attempts.extend(sender.tries()) or any(one.taken for one in attempts))
    assert [one.taken for one in attempts] == [False] * (len(attempts) - 1) + [True]


def test_unreachable_destination_blocks_no_other(phone: Taker) -> None:
    with closing(Postman([unreachable(free_port()), destination(phone.url)], first_pause_s=60)) as sender:
        sender.hand([make_notification(1, "gone"), make_notification(2)])
        attempts: list[Delivered] = []
        until(lambda: attempts.extend(sender.tries()) or len(attempts) == 2)
    assert {(one.letter.destination, one.taken) for one in attempts} == {("gone", False), ("phone", True)}


def test_methods_return_while_a_server_does_not_respond() -> None:
    """The first delivery blocks until the test releases it; meanwhile the other methods return."""
    release, begun = threading.Event(), threading.Event()

    def hang(_url: str, _title: str, _body: str) -> bool:
        begun.set()
        return release.wait(30)

    with closing(Postman([destination("json://x")], hang)) as sender:
        sender.hand([make_notification(1)])
        assert begun.wait(10)
        sender.hand([make_notification(1), make_notification(2)])
        assert sender.tries() == []
        release.set()
        attempts: list[Delivered] = []
        until(lambda: attempts.extend(sender.tries()) or len(attempts) == 2)


def test_undeliverable_notification_blocks_no_other() -> None:
    taken: list[str] = []

    def reject_first(_url: str, title: str, _body: str) -> bool:
        if title == "title 1":
            return False
        taken.append(title)
        return True

    with closing(Postman([destination("json://x")], reject_first, first_pause_s=0.01)) as sender:
        sender.hand([make_notification(1), make_notification(2), make_notification(3)])
        until(lambda: {"title 2", "title 3"} <= set(taken))


def test_withdrawn_notification_is_no_longer_tried() -> None:
    titles: list[str] = []

    def reject(_url: str, title: str, _body: str) -> bool:
        titles.append(title)
        return False

    with closing(Postman([destination("json://x")], reject, first_pause_s=0.01)) as sender:
        sender.hand([make_notification(1)])
        until(lambda: len(titles) >= 2)
        sender.hand([make_notification(2)])
        until(lambda: titles[-1] == "title 2")
        before = len(titles)
        until(lambda: len(titles) >= before + 3)
    assert set(titles[before:]) == {"title 2"}


def test_without_destinations_no_thread_starts() -> None:
    before = threading.active_count()
    with closing(Postman([])) as sender:
        sender.hand([make_notification(1)])
        assert threading.active_count() == before
        assert sender.tries() == []


def test_address_is_in_no_log(phone: Taker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    phone.status = 500
    assert not deliver(phone.url, "a title", "a text")
    assert not deliver(f"json://127.0.0.1:{free_port()}/secret-of-the-site", "a title", "a text")
    assert not deliver("nonsense://secret-of-the-site", "a title", "a text")
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("url", "understood"),
    [("json://localhost/x", True), ("mailto://anna:x@example.org", True), ("nonsense://x", False), ("", False)],
)
def test_address_is_checked_without_sending(url: str, understood: bool) -> None:
    assert is_understood(url) is understood
