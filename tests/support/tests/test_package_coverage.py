"""Every package has a floor of coverage, and a package below it is found."""

from tests.support.package_coverage import compute_shares, find_low_packages, find_package, list_packages, read_floors


def build_summary(lines: int, all_lines: int, branches: int, all_branches: int) -> dict[str, dict[str, int]]:
    return {
        "summary": {
            "covered_lines": lines,
            "num_statements": all_lines,
            "covered_branches": branches,
            "num_branches": all_branches,
        }
    }


def test_every_package_has_a_floor() -> None:
    assert sorted(read_floors()) == sorted(list_packages())


def test_a_file_belongs_to_its_second_level_package() -> None:
    assert find_package("collector/occupancy/learning/tuning.py") == "collector/occupancy"
    assert find_package("edge/outbox/broker_link.py") == "edge/outbox"
    assert find_package("edge/agent.py") == "edge"


def test_share_counts_statements_and_branches_of_all_files_of_a_package() -> None:
    files = {
        "edge/outbox/broker_link.py": build_summary(8, 8, 1, 2),
        "edge/outbox/buffered_outbox.py": build_summary(0, 6, 0, 4),
        "edge/sensors/beam_pair.py": build_summary(3, 3, 0, 0),
        "edge/sensors/__init__.py": build_summary(0, 0, 0, 0),
    }
    assert compute_shares({"files": files}) == {"edge/outbox": 45.0, "edge/sensors": 100.0}


def test_packages_below_their_floor_and_packages_without_one_are_low() -> None:
    shares = {"edge/outbox": 90.0, "edge/sensors": 89.9, "edge/new": 100.0}
    assert find_low_packages(shares, {"edge/outbox": 90, "edge/sensors": 90}) == ["edge/sensors", "edge/new"]
