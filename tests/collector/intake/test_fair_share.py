"""When too many records are kept, owners with the most records lose theirs."""

from collections import Counter

from hypothesis import example, given
from hypothesis import strategies as st

from collector.intake.fair_share import keep_newest_of_each, plan_evictions

HELD = st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(0, 50), max_size=8)


@given(HELD, st.integers(0, 400))
@example({"a": 1, "b": 2, "c": 2}, 1)
def test_exactly_the_surplus_is_deleted_and_only_from_the_largest(held: dict[str, int], surplus: int) -> None:
    gone = plan_evictions(held, surplus)
    assert sum(gone.values()) == min(surplus, sum(held.values()))
    assert all(count > 0 for count in gone.values())
    left = {owner: count - gone.get(owner, 0) for owner, count in held.items()}
    assert all(count >= 0 for count in left.values())
    for owner in gone:
        assert all(left[owner] >= left[other] - 1 for other in held if other in gone)
        assert all(left[other] <= left[owner] + 1 for other in held)


def test_an_owner_that_floods_evicts_only_its_own_records() -> None:
    items = [("quiet", 1), ("quiet", 2), *(("noisy", n) for n in range(1000)), ("quiet", 3)]
    kept = keep_newest_of_each(items, lambda item: item[0], 10)
    assert Counter(name for name, _ in kept) == {"quiet": 3, "noisy": 7}
    assert kept[-2] == ("noisy", 999), "the oldest are deleted"
