"""Lighthouse scores of the public pages: a phone on a slow network, in Debian's Chromium.

Run:   make lighthouse [ARGS="--runs N --why"]
In:    the dashboard as a process, a real Mosquitto, an open site in use; npm's Lighthouse in the version of
       requirements/pages, with its default phone (a fifth of this machine's speed, 1.6 Mbit/s, 150 ms).
Out:   a table of scores; with --why the audits that cost points; exit status 1 if a score is below its goal.

Performance differs from run to run, so its score is a median. The other scores do not differ.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from dashboard.configuration.dashboard_settings import DashboardSettings
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.stage import publish_everything, run_publisher
from tests.support.processes import running_dashboard
from tests.support.servers import ROOT, find_free_port, mosquitto

CLI = ROOT / ".tools/node_modules/lighthouse/cli/index.js"
OPEN_PLAN = replace(PLAN, opening_hours={})  # always open, independent of the time of the run
PAGES: Final = ("/", "/sensing", "/wall", "/manage/login")
GOALS: Final = {"performance": 98, "accessibility": 100, "best-practices": 100}
SEO: Final = {"/": 95}
"""Only `/` is meant to be found by search engines."""
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"


def run_lighthouse(url: str, folder: Path) -> dict[str, Any]:
    """Run Lighthouse once and return its report."""
    report = folder / "report.json"
    command = ["node", str(CLI), url, "--quiet", "--output=json", f"--output-path={report}", f"--chrome-flags={FLAGS}"]
    categories = f"--only-categories={','.join((*GOALS, 'seo'))}"
    environment = os.environ | {"CHROME_PATH": shutil.which("chromium") or "chromium"}
    subprocess.run([*command, categories, "--no-enable-error-reporting"], check=True, env=environment, timeout=300)
    result: dict[str, Any] = json.loads(report.read_text())
    return result


def read_scores(report: dict[str, Any]) -> dict[str, float]:
    """Return the score of each category, of 100."""
    return {name: round(100 * (category["score"] or 0), 1) for name, category in report["categories"].items()}


def list_costs(report: dict[str, Any]) -> list[str]:
    """Describe each audit that costs points, with its score."""
    found = []
    for name, category in report["categories"].items():
        for one in category["auditRefs"]:
            audit = report["audits"][one["id"]]
            if one["weight"] and audit["score"] is not None and audit["score"] < 1:
                found.append(f"  {name}: {audit['title']} ({audit['score']:.2f}) {audit.get('displayValue', '')}")
    return found


def measure_page(path: str, port: int, runs: int, folder: Path) -> tuple[dict[str, float], list[str]]:
    """Return the median scores of one page, and the audits that cost points in the last run."""
    reports = [run_lighthouse(f"http://localhost:{port}{path}", folder) for _ in range(runs)]
    each = [read_scores(report) for report in reports]
    return {name: statistics.median(one[name] for one in each) for name in each[0]}, list_costs(reports[-1])


def list_missed(path: str, found: dict[str, float]) -> list[str]:
    """Describe the goals that a page misses."""
    goals = GOALS | ({"seo": SEO[path]} if path in SEO else {})
    return [f"{path}: {name} {found[name]:g}, goal {goal}" for name, goal in goals.items() if found[name] < goal]


def main() -> None:
    """Measure, print, and fail if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="runs of each page")
    parser.add_argument("--why", action="store_true", help="print the audits that cost points")
    parser.add_argument("--page", choices=PAGES, action="append", help="measure only this page; may be repeated")
    options = parser.parse_args()
    missed = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(mosquitto())
        publish_everything(stack.enter_context(run_publisher(broker.settings("observer"), OPEN_PLAN)))
        port = find_free_port()
        settings = DashboardSettings(
            broker=broker.settings("dashboard"), accounts_path=folder / "a", journal_path=folder / "j", port=port
        )
        stack.enter_context(running_dashboard(folder, settings, OPEN_PLAN))
        print(f"{'':<16}{'performance':>14}{'accessibility':>16}{'best practices':>16}{'SEO':>6}")
        for path in options.page or PAGES:
            found, why = measure_page(path, port, options.runs, folder)
            print(f"{path:<16}{found['performance']:>14g}{found['accessibility']:>16g}", end="")
            print(f"{found['best-practices']:>16g}{found['seo']:>6g}", flush=True)
            if options.why:
                print("\n".join(why))
            missed += list_missed(path, found)
    if missed:
        sys.exit("below the goal: " + "; ".join(missed))


if __name__ == "__main__":
    main()
