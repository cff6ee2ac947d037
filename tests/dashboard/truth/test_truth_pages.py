"""The page of a code, the sheet of codes, the truth round and the error rates."""

import re
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec import Struct
from msgspec.structs import replace

from collector.contract.messages import decode_message, encode_message
from collector.contract.truth import (
    AnswerAccuracy,
    AnswerRound,
    EndRound,
    ErrorRate,
    FoundState,
    RenewCode,
    ReportSpace,
    SiteAccuracy,
    SpaceCodes,
    StartRound,
    TruthRound,
)
from dashboard.live.snapshot import BrokerMessage
from dashboard.subscriber.subscriber import LiveView
from dashboard.web.report_limits import MAX_REPORTS_OF_SPACE, MIN_REPORTS_OF_ADDRESS
from edge.contract import topics
from edge.contract.topics import TopicKind
from tests.support.dashboard.commands import CommandConnection
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.users import VIEWER_NAME

HOME = "https://localhost"
CODES = SpaceCodes({"desk-1": "aaaabbbbccccdddd", "booth-1": "eeeeffffgggghhhh"})
SPACES = ("booth-1", "desk-1")
RATE = ErrorRate(214, 3, 0.014, 0.005, 0.04)
ONE_RATE = AnswerAccuracy(RATE)
ACCURACY = SiteAccuracy(0, AnswerAccuracy(RATE, RATE), {"hall": ONE_RATE}, {"desk-1": ONE_RATE, "gone": ONE_RATE})
DESK_NAME = PLAN.space_by_id["desk-1"].name


class TruthCollector:
    """Applies each command at once."""

    def __init__(self, live: LiveView, connection: CommandConnection) -> None:
        self.commands: list[Struct] = []
        self._live = live
        self.publish(topics.SPACE_CODES, CODES)
        connection.connect(self._apply)

    def publish(self, topic_kind: TopicKind, message: Struct) -> None:
        topic = topic_kind.topic(PLAN.id)
        self._live.inbox.append(BrokerMessage(topic, encode_message(message), retained=True))
        self._live.tick(time.monotonic())

    def _apply(self, _topic: str, payload: bytes) -> bool:
        command = decode_message(topics.TRUTH_COMMAND, payload)
        self.commands.append(command)
        opened = self._live.snapshot.truth_round
        match command:
            case StartRound():
                self.publish(topics.TRUTH_ROUND, TruthRound("r1", SPACES))
            case AnswerRound(space=space):
                answered = (*opened.answered, space)
                is_over = len(answered) == len(SPACES)
                self.publish(topics.TRUTH_ROUND, TruthRound() if is_over else replace(opened, answered=answered))
            case EndRound():
                self.publish(topics.TRUTH_ROUND, TruthRound())
            case RenewCode(space=space):
                self.publish(topics.SPACE_CODES, SpaceCodes({**CODES.codes, space: "zzzzzzzzzzzzzzzz"}))
        return True


@pytest.fixture
def collector(live: LiveView, commands: CommandConnection) -> TruthCollector:
    return TruthCollector(live, commands)


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def manager(app: Flask) -> FlaskClient:
    client = app.test_client()
    assert log_in(client).status_code == 303
    return client


def send_form(client: FlaskClient, page: str, action: str, **fields: str):
    """Open a page, and send a form with its token and these fields."""
    text = client.get(page, base_url=HOME).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', text)
    form = {"csrf_token": token[1] if token else "", **fields}
    return client.post(action, data=form, base_url=HOME, headers={"Referer": f"{HOME}{page}"})


def report(client: FlaskClient, code: str, found: str = "free"):
    return send_form(client, "/c/aaaabbbbccccdddd", f"/c/{code}", found=found)


def test_a_visitor_reports_with_one_tap(visitor: FlaskClient, collector: TruthCollector) -> None:
    page = visitor.get("/c/aaaabbbbccccdddd?lang=en", base_url=HOME).text
    assert all(text in page for text in (f">{DESK_NAME}</h1>", "Free</button>", "Taken</button>"))
    answer = report(visitor, "aaaabbbbccccdddd", "taken")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/c/aaaabbbbccccdddd?sent=1")
    assert collector.commands == [ReportSpace("aaaabbbbccccdddd", FoundState.TAKEN)]
    assert "Thank you." in visitor.get("/c/aaaabbbbccccdddd?sent=1&lang=en", base_url=HOME).text


def test_the_page_of_a_code_is_the_same_whatever_the_space_shows(
    visitor: FlaskClient, collector: TruthCollector, live: LiveView
) -> None:
    def read_page() -> str:
        page = visitor.get("/c/aaaabbbbccccdddd", base_url=HOME).text
        return re.sub(r'name="csrf_token" value="[^"]*"', "", page)

    before = read_page()
    live.inbox.append(BrokerMessage(topics.SPACE_STATE.topic(PLAN.id, "desk-1"), b"", retained=True))
    live.tick(time.monotonic())
    assert read_page() == before


@pytest.mark.parametrize("code", ["aaaabbbbccccdddx", "qqqqq", "desk-1", "a" * 500])
def test_every_wrong_code_has_the_same_answer(visitor: FlaskClient, collector: TruthCollector, code: str) -> None:
    answers = [visitor.get(f"/c/{one}", base_url=HOME) for one in (code, "zzzzzzzzzzzzzzzz")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.replace(code, "") == answers[1].text.replace("zzzzzzzzzzzzzzzz", "")
    assert report(visitor, code).status_code == 404
    assert collector.commands == []


def test_too_many_reports_of_a_browser_are_refused(visitor: FlaskClient, collector: TruthCollector) -> None:
    statuses = [report(visitor, "aaaabbbbccccdddd").status_code for _ in range(MAX_REPORTS_OF_SPACE + 1)]
    assert statuses == [303] * MAX_REPORTS_OF_SPACE + [429]
    assert len(collector.commands) == MAX_REPORTS_OF_SPACE
    refused = report(visitor, "eeeeffffgggghhhh")  # another space, so the page must not claim that it was reported
    assert "Fler rapporter härifrån tas inte emot" in refused.text


def test_too_many_reports_of_an_address_get_the_same_answer(app: Flask, collector: TruthCollector) -> None:
    answers = []
    for number in range(4):
        client = app.test_client()
        client.environ_base["HTTP_USER_AGENT"] = f"Phone {number}"
        answers.append(report(client, "aaaabbbbccccdddd"))
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {
        (303, "/c/aaaabbbbccccdddd?sent=1")
    }
    assert len(collector.commands) == MIN_REPORTS_OF_ADDRESS


def test_a_form_without_its_token_or_with_another_answer_is_refused(
    visitor: FlaskClient, collector: TruthCollector
) -> None:
    assert visitor.post("/c/aaaabbbbccccdddd", data={"found": "free"}, base_url=HOME).status_code == 400
    assert report(visitor, "aaaabbbbccccdddd", "gone").status_code == 400
    assert collector.commands == []


def test_a_round_asks_for_one_space_after_the_other(manager: FlaskClient, collector: TruthCollector) -> None:
    assert send_form(manager, "/manage/round", "/manage/round/start").status_code == 303
    for number in (1, 2):
        page = manager.get("/manage/round?lang=en", base_url=HOME).text
        assert f"Truth round, {number} of 2" in page
        space = re.search(r'name="space" value="([^"]+)"', page)
        assert space
        answer = send_form(manager, "/manage/round", "/manage/round/answer", round="r1", space=space[1], found="taken")
    assert answer.headers["Location"] == "/manage/round?done=1"
    assert "The round is saved." in manager.get("/manage/round?done=1&lang=en", base_url=HOME).text
    assert {command.space for command in collector.commands if isinstance(command, AnswerRound)} == set(SPACES)


def test_no_round_is_offered_while_no_space_shows_free_or_taken(
    manager: FlaskClient, collector: TruthCollector, live: LiveView
) -> None:
    assert "Start a round</button>" in manager.get("/manage/round?lang=en", base_url=HOME).text
    for space in PLAN.spaces:
        live.inbox.append(BrokerMessage(topics.SPACE_STATE.topic(PLAN.id, space.id), b"", retained=True))
    live.tick(time.monotonic())
    page = manager.get("/manage/round?lang=en", base_url=HOME).text
    assert "nothing to check" in page
    assert "Start a round</button>" not in page


def test_a_round_can_be_ended_early_and_an_old_form_changes_nothing(
    manager: FlaskClient, collector: TruthCollector
) -> None:
    send_form(manager, "/manage/round", "/manage/round/start")
    assert send_form(manager, "/manage/round", "/manage/round/end", round="r1").status_code == 303
    sent = len(collector.commands)
    old = send_form(manager, "/manage/round", "/manage/round/answer", round="r1", space="desk-1", found="free")
    assert (old.status_code, len(collector.commands)) == (303, sent)


def test_a_round_without_any_known_space_can_be_ended(manager: FlaskClient, collector: TruthCollector) -> None:
    collector.publish(topics.TRUTH_ROUND, TruthRound("r1", ("gone",)))
    assert "End the round here" in manager.get("/manage/round?lang=en", base_url=HOME).text
    assert send_form(manager, "/manage/round", "/manage/round/end", round="r1").status_code == 303
    assert collector.commands == [EndRound("r1")]


def test_a_manager_prints_and_renews_codes(manager: FlaskClient, collector: TruthCollector) -> None:
    session = manager.get_cookie("__Host-ledig")
    assert session is not None
    manager.set_cookie("__Host-ledig", session.value, domain="ledig.example", secure=True)
    page = manager.get("/manage/codes?lang=en", base_url="https://ledig.example").text
    assert "https://ledig.example/c/aaaabbbbccccdddd" in page
    assert page.count('class="qr"') == sum(PLAN.space_by_id[space].zone == "hall" for space in CODES.codes)
    assert send_form(manager, "/manage/codes", "/manage/codes/renew", space="desk-1").status_code == 303
    assert collector.commands == [RenewCode("desk-1")]


def test_the_sheet_states_that_spaces_have_no_code(manager: FlaskClient, collector: TruthCollector) -> None:
    page = manager.get("/manage/codes?lang=en", base_url=HOME).text
    assert "Some spaces have no code" in page
    collector.publish(topics.SPACE_CODES, SpaceCodes({space.id: "aaaabbbbccccdddd" for space in PLAN.spaces}))
    assert "Some spaces have no code" not in manager.get("/manage/codes?lang=en", base_url=HOME).text


def test_nobody_but_managers_sees_codes_or_rounds(app: Flask, collector: TruthCollector) -> None:
    viewer = app.test_client()
    log_in(viewer, VIEWER_NAME)
    assert [viewer.get(path, base_url=HOME).status_code for path in ("/manage/codes", "/manage/round")] == [403, 403]


def test_error_rates_are_shown_in_words_and_as_a_table(
    manager: FlaskClient, visitor: FlaskClient, collector: TruthCollector
) -> None:
    assert "staff have not checked enough" in visitor.get("/sensing?lang=en", base_url=HOME).text
    collector.publish(topics.ACCURACY, ACCURACY)
    page = visitor.get("/sensing?lang=en", base_url=HOME).text
    assert "Checked 214 times, wrong 3 times." in page
    assert "Taken but shown as free: 1% (0% to 4%)" in page
    rows = manager.get("/manage/devices?lang=en", base_url=HOME).text.partition('id="accuracy"')[2]
    assert [name in rows for name in ("The whole site", f"{DESK_NAME}<", "gone")] == [True, True, False]
