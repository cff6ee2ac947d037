"""QoS and retention of a message come from the table of topics, edge/contract/topics.py."""

import ast
from collections.abc import Iterator

import pytest

from tests.support.servers import ROOT

TABLE = ROOT / "edge/contract/topics.py"
CALLS = {"publish", "subscribe", "will_set"}
KEYWORDS = {"qos", "retain"}


def iterate_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all below it, without calls: their arguments are values of something else."""
    if not isinstance(node, ast.Call):
        yield node
        for child in ast.iter_child_nodes(node):
            yield from iterate_nodes(child)


def iterate_literals(source: str) -> Iterator[int]:
    """Yield the line of each number or boolean that a call gives for a message's QoS or retention."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call):
            is_mqtt = isinstance(call.func, ast.Attribute) and call.func.attr in CALLS
            arguments = [node for one in call.args for node in iterate_nodes(one)] if is_mqtt else []
            values = [*arguments, *(keyword.value for keyword in call.keywords if keyword.arg in KEYWORDS)]
            yield from (one.lineno for one in values if isinstance(one, ast.Constant) and isinstance(one.value, int))


def test_qos_and_retention_come_from_the_table_of_topics() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for package in ("edge", "collector", "dashboard", "ledig")
        for path in sorted((ROOT / package).rglob("*.py"))
        if path != TABLE
        for line in iterate_literals(path.read_text())
    ]
    assert found == [], "use qos and is_retained of the TopicKind, or a QoS of edge/contract/topics.py"


@pytest.mark.parametrize(
    ("statement", "is_found"),
    [
        ("client.publish(topic, payload, qos=1)", True),
        ("client.publish(topic, payload, 1)", True),
        ("client.publish(topic, payload, kind.qos, retain=True)", True),
        ("client.will_set(topic, payload, 1, kind.is_retained)", True),
        ("client.subscribe([(topic, 0) for topic in topics])", True),
        ("client.publish(topic, payload, kind.qos, kind.is_retained)", False),
        ("client.publish(source.pop_messages(now_ms, 0))", False),
        ("client.subscribe([(topic, AT_LEAST_ONCE)])", False),
    ],
)
def test_literals_are_found(statement: str, is_found: bool) -> None:
    assert bool(list(iterate_literals(statement))) == is_found
