"""Serves the pages with gevent until it is told to stop.

In:    settings, the plan, a clock.
Out:   pages and streams on one port.
Never: monkey patching. The event loop alone owns the picture and the streams; the follower is a real thread that only
       fills a deque, and what is slow (hashing, history) goes to the loop's thread pool. So it does not matter what
       the process imported or started before.
"""

import errno
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

import gevent
import gevent.socket
from flask import Flask

from collector.plan import SitePlan
from collector.site_time import SiteTime, TimeSource, read_machine
from dashboard import release
from dashboard.accounts import Accounts
from dashboard.accounts.care import CARE_S, PURGE_S, AccountsCare
from dashboard.accounts.clock import COLLECTOR, open_accounts
from dashboard.app import create_app
from dashboard.housekeeping import Chore, FaultLog, Housekeeper
from dashboard.live.following import ASK_AGAIN_S, TICK_S, Follower, Live
from dashboard.settings import DashboardSettings
from dashboard.web_server import PageServer, make_room

LOOK_S: Final = 0.02
APART_S: Final = 0.08
"""Frames are at least this far apart. The collector tells its news every 100 ms: looking more often than that for it
keeps the two from waiting for each other."""
GOODBYE_S: Final = 1
"""Open streams never end by themselves; at the end they get this long."""

_log = logging.getLogger(__name__)


class PortTaken(ConnectionError):
    """We cannot listen there now. The same call may succeed once the port is free."""


class ListenerLost(RuntimeError):
    """gevent closed the listening socket after an error. Only a new process can listen again."""


def serve(
    settings: DashboardSettings,
    plan: SitePlan,
    source: TimeSource,
    stop: threading.Event,
    report_progress: Callable[[], None] = lambda: None,
) -> None:
    """Serve until `stop` is set.

    Args:
        settings: where to listen, whom to follow.
        plan: the house.
        source: the machine's clocks, or site time if that is right by definition.
        stop: looked at ten times a second.
        report_progress: called with each turn of the event loop while the live pages are kept up to date.

    Raises:
        PortTaken: somebody else listens there, or the address is not ours.
        ListenerLost: gevent gave up the listening socket.
    """
    room = make_room(settings.max_streams)
    listener = _listen(settings.host, settings.port)
    accounts, real_time = open_accounts(settings.accounts_path)
    site_time = real_time if source is read_machine else SiteTime(source)
    live = Live(plan, site_time.now_ms, release.mark())
    follower = Follower(settings.broker, plan.id, live.inbox)
    live.say = follower.say
    app = create_app(replace(settings, max_streams=room.streams), plan, live, accounts)
    server = PageServer(listener, app, room.connections, proxied=settings.proxies > 0)
    server.start()
    follower.start()
    _log.info("serving %s on http://%s:%s", plan.name, settings.host, settings.port)
    ticked_s, asked_s, is_fresh = float("-inf"), time.monotonic(), True
    care, faults = AccountsCare(accounts, real_time), FaultLog()
    chores = (
        Chore("care of the accounts", CARE_S, lambda: _care(care, accounts, app)),
        Chore("purge of the accounts", PURGE_S, care.purge),
    )
    housekeeper = Housekeeper(chores)
    try:
        while not stop.is_set():
            now_s = time.monotonic()
            if now_s - ticked_s >= (APART_S if live.inbox else TICK_S):
                ticked_s = now_s
                is_fresh = faults.attempt(
                    "a frame of the live pages", partial(_tick, live, now_s, real_time, site_time)
                )
            if now_s - asked_s >= ASK_AGAIN_S:
                asked_s = now_s
                faults.attempt("asking the broker again", follower.ask_again)
            faults.attempt("looking after connections", partial(server.tend, now_s))
            faults.attempt("housekeeping", partial(housekeeper.tick, now_s))
            gevent.sleep(LOOK_S)
            if server.closed:
                raise ListenerLost("dashboard: the listening socket failed; see the line above")
            if is_fresh:
                report_progress()
    finally:
        server.stop(timeout=GOODBYE_S)
        follower.stop()


def _tick(live: Live, now_s: float, real_time: SiteTime, site_time: SiteTime) -> None:
    live.tick(now_s)
    real_time.now_ms()
    if (collector_ms := live.picture.collector_ms) is not None:
        live.picture.collector_ms = None
        site_time.report(COLLECTOR, collector_ms, exact=True)


def _care(care: AccountsCare, accounts: Accounts, app: Flask) -> None:
    care.care()
    app.config["SECRET_KEY"] = accounts.secret


def _listen(host: str, port: int) -> gevent.socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = gevent.socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # accepted connections inherit it; without it header and body wait for each other, 42 ms for every answer
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
    except OSError as fault:
        listener.close()
        if fault.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"dashboard: port {port} of {host} is in use; stop the program that uses it, or set another port"
            ) from fault
        raise PortTaken(
            f"dashboard: cannot listen on {host} port {port}: {fault.strerror or fault}; set another"
        ) from fault
    listener.listen(1024)
    return listener
