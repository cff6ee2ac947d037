"""Serves the pages with gevent until it is stopped.

In:    settings, the plan, a clock.
Out:   pages and streams on one port.
Never: monkey patching. Only the event loop owns the site snapshot and the streams. The subscriber is a real thread that
       only fills a deque. Slow work (hashing, history) runs in the loop's thread pool. So it does not matter what the
       process imported or started before.
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
"""Minimum time between frames. The collector publishes every 100 ms; sending more often than that avoids that both wait
for each other.
"""
GOODBYE_S: Final = 1
"""Open streams never end by themselves; on shutdown they get this long."""

_log = logging.getLogger(__name__)


class PortTaken(ConnectionError):
    """The port cannot be opened now. The same call may succeed once it is free."""


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
        settings: the dashboard's settings.
        plan: the site.
        source: the machine's clocks, or a source of site time that is exact by definition.
        stop: checked in each turn of the event loop.
        report_progress: called in each turn of the event loop while frames are produced without failure.

    Raises:
        PortTaken: another program listens there, or the address is not ours.
        ListenerLost: gevent gave up the listening socket.
    """
    limits = make_room(settings.max_streams)
    listener = _open_listener(settings.host, settings.port)
    accounts, real_time = open_accounts(settings.accounts_path)
    site_time = real_time if source is read_machine else SiteTime(source)
    live = Live(plan, site_time.now_ms, release.mark())
    subscriber = Follower(settings.broker, plan.id, live.inbox)
    live.say = subscriber.say
    app = create_app(replace(settings, max_streams=limits.streams), plan, live, accounts)
    server = PageServer(listener, app, limits.connections, proxied=settings.proxies > 0)
    server.start()
    subscriber.start()
    _log.info("serving %s on http://%s:%s", plan.name, settings.host, settings.port)
    ticked_s, subscribed_s, is_fresh = float("-inf"), time.monotonic(), True
    maintenance, faults = AccountsCare(accounts, real_time), FaultLog()
    tasks = (
        Chore("maintenance of the accounts", CARE_S, lambda: _maintain_accounts(maintenance, accounts, app)),
        Chore("purge of the accounts", PURGE_S, maintenance.purge),
    )
    background = Housekeeper(tasks)
    try:
        while not stop.is_set():
            now_s = time.monotonic()
            if now_s - ticked_s >= (APART_S if live.inbox else TICK_S):
                ticked_s = now_s
                is_fresh = faults.attempt(
                    "a frame of the live pages", partial(_update_live, live, now_s, real_time, site_time)
                )
            if now_s - subscribed_s >= ASK_AGAIN_S:
                subscribed_s = now_s
                faults.attempt("subscribing again", subscriber.ask_again)
            faults.attempt("closing expired connections", partial(server.tend, now_s))
            faults.attempt("starting background tasks", partial(background.tick, now_s))
            gevent.sleep(LOOK_S)
            if server.closed:
                raise ListenerLost("dashboard: the listening socket failed; see the log line above")
            if is_fresh:
                report_progress()
    finally:
        server.stop(timeout=GOODBYE_S)
        subscriber.stop()


def _update_live(live: Live, now_s: float, real_time: SiteTime, site_time: SiteTime) -> None:
    live.tick(now_s)
    real_time.now_ms()
    if (collector_ms := live.picture.collector_ms) is not None:
        live.picture.collector_ms = None
        site_time.report(COLLECTOR, collector_ms, exact=True)


def _maintain_accounts(maintenance: AccountsCare, accounts: Accounts, app: Flask) -> None:
    maintenance.care()
    app.config["SECRET_KEY"] = accounts.secret


def _open_listener(host: str, port: int) -> gevent.socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = gevent.socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # accepted connections inherit it; without it header and body wait for each other, 42 ms per response
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
