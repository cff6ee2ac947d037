"""The `ledig` command: one front door to every process of the house.

In:    a command line.
Out:   a running process, or one plain line about what is wrong, and an exit status (see exits.py).
Never: work of its own. What a command needs is imported when it runs: a Raspberry Pi has no dashboard parts.
"""

import sys
from pathlib import Path
from typing import Any

import click

from edge.supervision.threads import end_process_with_threads
from ledig.exits import Status, report
from ledig.help import PATH, Group
from ledig.user_command import user

_SITE = click.argument("site", metavar="SITE", type=PATH)
_CHECK = click.option("--check", is_flag=True, help="Read the settings, reach what is needed, report, and stop.")


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="example: ledig up",
)
@click.version_option(package_name="ledig", message="%(prog)s %(version)s")
def cli() -> None:
    """Is there a spot for me? Live, truthful occupancy for coworking spaces."""


@cli.command(
    short_help="Start a whole house on this machine, simulated or real.",
    epilog="example: ledig up\nexample: ledig up /etc/ledig/site.toml --device pi-1",
)
@click.argument("site", required=False, metavar="[SITE]", type=PATH)
@click.option("--device", metavar="ID", help="Run this device of SITE on this machine's own pins.")
@click.option("--simulate", is_flag=True, help="Let simulated people use SITE; without a SITE that is so anyway.")
@click.option(
    "--day-minutes",
    metavar="MINUTES",
    type=click.FloatRange(1, 1440),
    help="A simulated day takes this long; 10 unless said.",
)
@click.option("--real-time", is_flag=True, help="A simulated day takes a day.")
@click.option("--data", type=PATH, help="Keep the house here, not in the state folder.")
def up(**options: Any) -> None:
    """Start a whole house on this machine, with simulated people if it is given no site."""
    from ledig.up import UpOptions, up

    up(UpOptions(**options))


@cli.command(epilog="example: ledig edge /etc/ledig/site.toml --device pi-1")
@_SITE
@click.option("--device", required=True, metavar="ID", help="Which device of the site file this machine is.")
@click.option("--pins", type=click.Choice(["lgpio", "mock"]), default="lgpio", show_default=True, help="Real or not.")
@_CHECK
def edge(site: Path, device: str, pins: str, check: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Read this device's sensors and report by MQTT what they say."""
    from ledig import processes

    processes.edge(site, device, pins, processes.wish(check=check))


@cli.command(epilog="example: ledig collector --check /etc/ledig/site.toml")
@_SITE
@_CHECK
def collector(site: Path, check: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Listen to the broker, judge every space, write the journal."""
    from ledig import processes

    processes.collector(site, processes.wish(check=check))


@cli.command(epilog="example: ledig dashboard /etc/ledig/site.toml")
@_SITE
@_CHECK
def dashboard(site: Path, check: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Serve the pages: what is free now, and how the house is used."""
    from ledig import processes

    processes.dashboard(site, processes.wish(check=check))


@cli.command(
    short_help="Tell how true a recording was shown, or what other rules do.",
    epilog="example: ledig replay room.toml --data room.csv.gz --speed 1200\n"
    "example: ledig replay /etc/ledig/site.toml --what-if hold=7m\n"
    "example: ledig replay room.toml --what-if hold=7m --what-if hold=12m,level_hold=2m --plot holds.html",
)
@click.argument("file", required=False, metavar="[FILE]", type=PATH)
@click.option(
    "--what-if", "settings", multiple=True, metavar="RULES", help="Other rules: name=value, joined by commas."
)
@click.option(
    "--rules",
    "files",
    multiple=True,
    type=PATH,
    help="A TOML file with other [rules].",
)
@click.option("--space", "spaces", multiple=True, metavar="ID", help="Compare this space only; may be repeated.")
@click.option(
    "--plot",
    type=PATH,
    metavar="PAGE.html",
    help="Draw the difference in this page.",
)
@click.option(
    "--data",
    type=PATH,
    help="The CSV file of a recording; the folder of `ledig up`.",
)
@click.option(
    "--speed",
    metavar="TIMES",
    type=click.FloatRange(1, 10_000),
    default=600,
    show_default=True,
    help="So much faster than it was recorded.",
)
def replay(file: Path | None, data: Path | None, speed: float, **asked: Any) -> None:
    """Play a recording and tell truth against shown; or run a house's stored events under other rules.

    FILE is a recording, a TOML file that says which column of a CSV file drives which sensor of which space: it is
    played through agent, Mosquitto and collector. Or FILE is a site file (without one: the house of `ledig up`): the
    events of the last 72 hours are judged again under each --what-if, and nothing is changed.

    RULES are those of the table [rules], such as level_hold=2m or silent_after_heartbeats=4; hold=7m pins the hold of
    every motion sensor. Each --what-if is one set of rules beside today's.
    """
    from ledig.replay.command import ReplayOptions, replay
    from ledig.what_if.command import Asked

    replay(ReplayOptions(file=file, data=data, speed=speed, asked=Asked(**asked)))


@cli.command(epilog="example: ledig check /etc/ledig/site.toml")
@_SITE
def check(site: Path) -> None:
    """Read a site file and tell every fault at once; start nothing."""
    from ledig.site import read

    found = read(site)
    plan = found.plan
    counts = {
        "floor": plan.floors,
        "zone": plan.zones,
        "space": plan.spaces,
        "door": plan.doors,
        "device": found.devices,
        "sensor": plan.sensors,
    }
    parts = [f"{len(things)} {word}{'' if len(things) == 1 else 's'}" for word, things in counts.items()]
    click.echo(f"{site.name}: all is well: {plan.name} has {', '.join(parts[:-1])} and {parts[-1]}")


@cli.group(cls=Group, epilog="example: ledig alerts test /etc/ledig/site.toml")
def alerts() -> None:
    """Try where alerts go."""


@alerts.command(
    "test",
    short_help="Send a trial message to each destination.",
    epilog="example: ledig alerts test /etc/ledig/site.toml\n"
    "example: sudo -u ledig ledig alerts test /etc/ledig/site.toml",
)
@_SITE
def alerts_test(site: Path) -> None:
    """Send a trial message to each [[alerts.destination]] of SITE, and say whether it was taken.

    An address is one line in the destination's url_file, as apprise writes it: mailto://..., tgram://..., ntfy://...
    and some hundred others. Run it as the user of the collector, who alone can read these files.
    """
    from ledig import destinations

    destinations.test(site)


cli.add_command(user)


def run(arguments: list[str]) -> Status:
    """Run one command line and say what came of it."""
    command = next((word for word in arguments if not word.startswith("-")), "")
    try:
        cli.main(arguments, prog_name="ledig", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as asked:
        asked.show()
        return Status.WRONG
    except click.ClickException as wrong:
        wrong.show()
        return Status.WRONG
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return Status.WRONG
    except Exception as fault:  # noqa: BLE001 - every fault becomes a status here, and a bug keeps its traceback
        return report(fault, command)
    return Status.DONE


def main() -> None:
    """What the `ledig` script calls."""
    end_process_with_threads()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
