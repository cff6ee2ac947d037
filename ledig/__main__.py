"""The `ledig` command: starts every process of a site.

In:    a command line.
Out:   a running process, or one line about the problem, and an exit status (see ledig.runtime.exit_status).
Never: logic of its own. Each command imports what it needs when it runs: a Raspberry Pi has no dashboard packages.
"""

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from edge.process.plurals import format_count
from edge.process.thread_supervision import exit_on_thread_failure
from edge.timekeeping.durations import MINUTES_PER_DAY
from ledig.commands.help import PATH_TYPE, ExampleGroup
from ledig.commands.user import user
from ledig.runtime.exit_status import ExitStatus, report_error

_SITE = click.argument("site", metavar="SITE", type=PATH_TYPE)
_CHECK = click.option("--check", is_flag=True, help="Check settings and connections, report, and exit.")


@click.group(
    cls=ExampleGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="example: ledig up",
)
@click.version_option(package_name="ledig", message="%(prog)s %(version)s")
def cli() -> None:
    """Live, truthful occupancy for coworking spaces."""


@cli.command(
    short_help="Run a complete site on this machine, simulated or real.",
    epilog="example: ledig up\nexample: ledig up --port 8080\nexample: ledig up /etc/ledig/site.toml --device pi-1",
)
@click.argument("site", required=False, metavar="[SITE]", type=PATH_TYPE)
@click.option("--device", metavar="ID", help="Use this machine's GPIO pins as this device of SITE.")
@click.option(
    "--simulate",
    is_flag=True,
    help="Simulate the people at SITE, and sensors if it has none. Always on without SITE.",
)
@click.option(
    "--day-minutes",
    metavar="MINUTES",
    type=click.FloatRange(1, MINUTES_PER_DAY),
    help="Length of a simulated day in minutes; default 10.",
)
@click.option("--real-time", is_flag=True, help="Simulate in real time.")
@click.option("--data", type=PATH_TYPE, help="Folder for all data, instead of the user's state folder.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Port of the pages, instead of the site file's.")
def up(**options: Any) -> None:
    """Run a complete site on this machine; without SITE, a simulated example."""
    from ledig.up.up_command import UpOptions, run_site

    run_site(UpOptions(**options))


@cli.command(
    short_help="Ask about a site, and write its site file.",
    epilog="example: ledig init\nexample: ledig init /etc/ledig/site.toml\n"
    "example: ledig init site.toml --answers answers.toml --yes",
)
@click.argument("site", metavar="[SITE]", type=PATH_TYPE, default="site.toml")
@click.option("--answers", type=PATH_TYPE, metavar="FILE", help="Read the answers from this TOML file.")
@click.option("--yes", is_flag=True, help="Write the file without a confirmation.")
def init(**options: Any) -> None:
    """Ask about a site, and write its site file SITE (default: site.toml).

    Nothing is written before the last answer, and an existing file is never replaced. docs/operation.md lists the
    keys of a file of answers.
    """
    from ledig.site_setup.init_command import InitOptions, create_site

    create_site(InitOptions(**options))


@cli.command(epilog="example: ledig edge /etc/ledig/site.toml --device pi-1")
@_SITE
@click.option("--device", required=True, metavar="ID", help="Id of this device in the site file.")
@click.option(
    "--pins",
    type=click.Choice(["lgpio", "mock"]),
    default="lgpio",
    show_default=True,
    help="GPIO driver; mock needs no hardware.",
)
@_CHECK
def edge(site: Path, device: str, pins: str, check: bool) -> None:  # noqa: FBT001 - click passes it by keyword
    """Read sensors and publish events over MQTT."""
    from ledig.runtime import processes

    processes.run_edge(site, device, pins, processes.choose_action(check=check))


@cli.command(epilog="example: ledig collector --check /etc/ledig/site.toml")
@_SITE
@_CHECK
def collector(site: Path, check: bool) -> None:  # noqa: FBT001 - click passes it by keyword
    """Compute space states and store the history."""
    from ledig.runtime import processes

    processes.run_collector_process(site, processes.choose_action(check=check))


@cli.command(epilog="example: ledig dashboard /etc/ledig/site.toml")
@_SITE
@_CHECK
def dashboard(site: Path, check: bool) -> None:  # noqa: FBT001 - click passes it by keyword
    """Serve the web pages and the API."""
    from ledig.runtime import processes

    processes.run_dashboard(site, processes.choose_action(check=check))


@cli.command(
    short_help="Score a recording, or compare other rules on stored events.",
    epilog="example: ledig replay room.toml --data room.csv.gz --speed 1200\n"
    "example: ledig replay /etc/ledig/site.toml --what-if hold=7m\n"
    "example: ledig replay room.toml --what-if hold=7m --what-if hold=12m,level_hold=2m --plot holds.html",
)
@click.argument("file", required=False, metavar="[FILE]", type=PATH_TYPE)
@click.option(
    "--what-if", "settings", multiple=True, metavar="RULES", help="Rules to compare: name=value, separated by commas."
)
@click.option(
    "--rules",
    "files",
    multiple=True,
    type=PATH_TYPE,
    help="TOML file with a [rules] table to compare.",
)
@click.option("--space", "spaces", multiple=True, metavar="ID", help="Compare only this space; can be repeated.")
@click.option(
    "--plot",
    type=PATH_TYPE,
    metavar="PAGE.html",
    help="Write a page with a chart of the differences.",
)
@click.option(
    "--data",
    type=PATH_TYPE,
    help="With a recording: its CSV file. With --what-if: the data folder of `ledig up`.",
)
@click.option(
    "--speed",
    metavar="TIMES",
    type=click.FloatRange(1, 10_000),
    default=600,
    show_default=True,
    help="Playback speed as a multiple of real time.",
)
def replay(file: Path | None, data: Path | None, speed: float, **asked: Any) -> None:
    """Score a recording against its labels, or compare other rules on the stored events of a site.

    FILE describes a recording: a TOML file that maps columns of a CSV file to sensors and spaces; docs/operation.md
    lists its keys. The recording is played through the agent, Mosquitto and the collector. FILE can also be a site
    file (default: the site of `ledig up`): the events of the last 72 hours are evaluated again with each --what-if, and
    nothing is changed.

    RULES are entries of the [rules] table, such as level_hold=2m or silent_after_heartbeats=4; hold=7m fixes the hold
    time of every motion sensor. Each --what-if is one set of rules to compare with the current rules.
    """
    from ledig.replay.replay_command import ReplayOptions, run_replay
    from ledig.what_if.what_if_command import WhatIfOptions

    run_replay(ReplayOptions(file=file, data=data, speed=speed, what_if=WhatIfOptions(**asked)))


@cli.command(short_help="Check a site file and report all errors.", epilog="example: ledig check /etc/ledig/site.toml")
@_SITE
def check(site: Path) -> None:
    """Check a site file and report all errors.

    If its settings are valid, everything that its processes build from them is built once: the sensors of each device
    on mock pins, the collector, and the pages. Nothing is connected, and nothing is left behind. A part whose packages
    are not installed on this machine is left out and named.
    """
    from ledig.runtime.trial_build import build_site
    from ledig.site.installation import find_installation_faults
    from ledig.site.site_file import SiteRejected, read_site_file
    from ledig.site.site_warnings import list_site_warnings

    found = read_site_file(site)
    if faults := find_installation_faults(found, site.name):
        raise SiteRejected(faults)
    built = build_site(found, site.name)
    if built.faults:
        raise SiteRejected(built.faults)
    plan = found.plan
    counts = {
        "floor": plan.floors,
        "zone": plan.zones,
        "space": plan.spaces,
        "door": plan.doors,
        "device": found.devices,
        "sensor": plan.sensors,
    }
    parts = [format_count(len(things), noun) for noun, things in counts.items()]
    click.echo(f"{site.name}: OK: {plan.name} has {', '.join(parts[:-1])} and {parts[-1]}")
    if built.missing:
        parts = [f"{part} ({package} is not installed)" for part, package in built.missing.items()]
        click.echo(f"{site.name}: not built on this machine: {', '.join(parts)}")
    for warning in list_site_warnings(plan):
        click.echo(f"{site.name}: warning: {warning}")


@cli.command(
    "impact-assessment",
    short_help="Write a template of a privacy impact assessment.",
    epilog="example: ledig impact-assessment /etc/ledig/site.toml > assessment.md",
)
@_SITE
def assess(site: Path) -> None:
    """Write an impact assessment (GDPR art. 35) as Markdown, filled in from SITE as far as the settings go."""
    from ledig.commands.impact_assessment import write_impact_assessment
    from ledig.site.site_file import read_site_file

    click.echo(write_impact_assessment(read_site_file(site)), nl=False)


@cli.group(cls=ExampleGroup, epilog="example: ledig alerts test /etc/ledig/site.toml")
def alerts() -> None:
    """Test where alerts are sent."""


@alerts.command(
    "test",
    short_help="Send a test message to each destination.",
    epilog="example: ledig alerts test /etc/ledig/site.toml\n"
    "example: sudo -u ledig ledig alerts test /etc/ledig/site.toml",
)
@_SITE
def alerts_test(site: Path) -> None:
    """Send a test message to each [[alerts.destination]] of SITE and report the result.

    The url_file of a destination holds one line, an Apprise URL: mailto://..., tgram://..., ntfy://... and about a
    hundred others. Run this command as the collector's user, who can read these files.
    """
    from ledig.site import alert_addresses

    alert_addresses.send_test_messages(site)


cli.add_command(user)


def run_command(arguments: list[str]) -> ExitStatus:
    """Run one command line and return its exit status."""
    command = next((argument for argument in arguments if not argument.startswith("-")), "")
    try:
        cli.main(arguments, prog_name="ledig", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as help_only:
        help_only.show()
        return ExitStatus.WRONG
    except click.ClickException as usage_error:
        usage_error.show()
        return ExitStatus.WRONG
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return ExitStatus.WRONG
    except Exception as fault:  # noqa: BLE001 - every exception becomes a status; a bug keeps its traceback
        return report_error(fault, command)
    return ExitStatus.DONE


def main() -> None:
    """Entry point of the `ledig` script."""
    exit_on_thread_failure()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a name may have letters that the terminal's encoding lacks
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    main()
