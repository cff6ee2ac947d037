"""Notifications reach a real server through apprise, and the caller never waits."""

import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collector.alerts.notification_sender import NotificationSender, deliver, is_valid_address
from collector.alerts.notifications import DeliveryAttempt, Notification
from collector.configuration.alert_settings import Destination
from tests.support.collector.notification_receivers import NotificationReceiver, run_receiver
from tests.support.servers import find_free_port, wait_until


@pytest.fixture
def phone() -> Iterator[NotificationReceiver]:
    with run_receiver() as receiver:
        yield receiver


def make_notification(no: int, to: str = "phone") -> Notification:
    return Notification(no, to, f"title {no}", f"text {no}, with å, ä, ö and CO₂", 0)


def destination(url: str, name: str = "phone") -> Destination:
    return Destination(name=name, url_file=Path(name), url=url)


def unreachable(port: int) -> Destination:
    return destination(f"json://127.0.0.1:{port}/secret", "gone")


def test_notification_arrives_unchanged(phone: NotificationReceiver) -> None:
    with closing(NotificationSender([destination(phone.url)])) as sender:
        sender.replace_waiting([make_notification(1), make_notification(2)])
        wait_until(lambda: len(phone.received) == 2)
        attempts: list[DeliveryAttempt] = []
        wait_until(lambda: attempts.extend(sender.take_attempts()) or len(attempts) == 2)
    assert phone.received == [(one.title, one.body) for one in (make_notification(1), make_notification(2))]
    assert attempts == [
        DeliveryAttempt(make_notification(1), is_accepted=True),
        DeliveryAttempt(make_notification(2), is_accepted=True),
    ]


def test_delivered_notification_is_not_sent_again(phone: NotificationReceiver) -> None:
    with closing(NotificationSender([destination(phone.url)])) as sender:
        sender.replace_waiting([make_notification(1)])
        wait_until(lambda: phone.received)
        sender.replace_waiting([make_notification(1), make_notification(2)])
        wait_until(lambda: len(phone.received) == 2)
    assert [title for title, _ in phone.received] == ["title 1", "title 2"]


def test_rejected_notification_is_retried_until_accepted(phone: NotificationReceiver) -> None:
    phone.status = 500
    with closing(NotificationSender([destination(phone.url)], first_pause_s=0.02)) as sender:
        sender.replace_waiting([make_notification(1)])
        wait_until(lambda: len(phone.received) >= 3)
        phone.status = 200
        attempts: list[DeliveryAttempt] = []
        wait_until(lambda: attempts.extend(sender.take_attempts()) or any(one.is_accepted for one in attempts))
    assert [one.is_accepted for one in attempts] == [False] * (len(attempts) - 1) + [True]


def test_unreachable_destination_blocks_no_other(phone: NotificationReceiver) -> None:
    with closing(
        NotificationSender([unreachable(find_free_port()), destination(phone.url)], first_pause_s=60)
    ) as sender:
        sender.replace_waiting([make_notification(1, "gone"), make_notification(2)])
        attempts: list[DeliveryAttempt] = []
        wait_until(lambda: attempts.extend(sender.take_attempts()) or len(attempts) == 2)
    assert {(one.notification.destination, one.is_accepted) for one in attempts} == {("gone", False), ("phone", True)}


def test_methods_return_while_a_server_does_not_respond() -> None:
    """The first delivery blocks until the test releases it; meanwhile the other methods return."""
    release, begun = threading.Event(), threading.Event()

    def hang(_url: str, _title: str, _body: str) -> bool:
        begun.set()
        return release.wait(30)

    with closing(NotificationSender([destination("json://x")], hang)) as sender:
        sender.replace_waiting([make_notification(1)])
        assert begun.wait(10)
        sender.replace_waiting([make_notification(1), make_notification(2)])
        assert sender.take_attempts() == []
        release.set()
        attempts: list[DeliveryAttempt] = []
        wait_until(lambda: attempts.extend(sender.take_attempts()) or len(attempts) == 2)


def test_undeliverable_notification_blocks_no_other() -> None:
    taken: list[str] = []

    def reject_first(_url: str, title: str, _body: str) -> bool:
        if title == "title 1":
            return False
        taken.append(title)
        return True

    with closing(NotificationSender([destination("json://x")], reject_first, first_pause_s=0.01)) as sender:
        sender.replace_waiting([make_notification(1), make_notification(2), make_notification(3)])
        wait_until(lambda: {"title 2", "title 3"} <= set(taken))


def test_withdrawn_notification_is_no_longer_tried() -> None:
    titles: list[str] = []

    def reject(_url: str, title: str, _body: str) -> bool:
        titles.append(title)
        return False

    with closing(NotificationSender([destination("json://x")], reject, first_pause_s=0.01)) as sender:
        sender.replace_waiting([make_notification(1)])
        wait_until(lambda: len(titles) >= 2)
        sender.replace_waiting([make_notification(2)])
        wait_until(lambda: titles[-1] == "title 2")
        before = len(titles)
        wait_until(lambda: len(titles) >= before + 3)
    assert set(titles[before:]) == {"title 2"}


def test_without_destinations_no_thread_starts() -> None:
    before = threading.active_count()
    with closing(NotificationSender([])) as sender:
        sender.replace_waiting([make_notification(1)])
        assert threading.active_count() == before
        assert sender.take_attempts() == []


def test_address_is_in_no_log(phone: NotificationReceiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    phone.status = 500
    assert not deliver(phone.url, "a title", "a text")
    assert not deliver(f"json://127.0.0.1:{find_free_port()}/secret-of-the-site", "a title", "a text")
    assert not deliver("nonsense://secret-of-the-site", "a title", "a text")
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("url", "understood"),
    [("json://localhost/x", True), ("mailto://anna:x@example.org", True), ("nonsense://x", False), ("", False)],
)
def test_address_is_checked_without_sending(url: str, understood: bool) -> None:
    assert is_valid_address(url) is understood
