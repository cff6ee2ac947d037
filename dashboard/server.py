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
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

import gevent
import gevent.socket
from flask import Flask

from collector.site.site_plan import SitePlan
from collector.timekeeping.site_time import SiteTime, TimeSource, read_machine_clocks
from dashboard.accounts.accounts import Accounts
from dashboard.accounts.accounts_clock import COLLECTOR_WITNESS, open_accounts
from dashboard.accounts.maintenance import MAINTENANCE_INTERVAL_S, PURGE_INTERVAL_S, AccountsMaintenance
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.subscriber.subscriber import FRAME_TICK_S, RESUBSCRIBE_S, LiveView, SiteSubscriber, SubscriberInbox
from dashboard.web import release
from dashboard.web.periodic_tasks import FailureLog, PeriodicTask, PeriodicTaskRunner
from dashboard.web_server import PageServer, raise_file_limit

LOOP_PAUSE_S: Final = 0.02
MIN_FRAME_INTERVAL_S: Final = 0.08
"""Minimum time between frames. The collector publishes every 100 ms; sending more often than that avoids that both wait
for each other.
"""
STREAM_SHUTDOWN_S: Final = 1
"""Open streams never end by themselves; on shutdown they get this long."""

_log = logging.getLogger(__name__)


class PortTaken(ConnectionError):
    """The port cannot be opened now. The same call may succeed once it is free."""


class ListenerLost(RuntimeError):
    """gevent closed the listening socket after an error. Only a new process can listen again."""


def serve_dashboard(
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
    limits = raise_file_limit(settings.max_streams)
    listener = _open_listener(settings.host, settings.port)
    accounts, real_time = open_accounts(settings.accounts_path)
    site_time = real_time if source is read_machine_clocks else SiteTime(source)
    inbox: SubscriberInbox = deque()
    subscriber = SiteSubscriber(settings.broker, plan.id, inbox)
    live = LiveView(plan, site_time.now_ms, release.compute_release_id(), inbox, subscriber.publish)
    app = create_app(replace(settings, max_streams=limits.streams), plan, live, accounts)
    server = PageServer(listener, app, limits.connections, proxied=settings.proxies > 0)
    server.start()
    subscriber.start()
    _log.info("serving %s on http://%s:%s", plan.name, settings.host, settings.port)
    ticked_s, subscribed_s, is_fresh = float("-inf"), time.monotonic(), True
    maintenance, faults = AccountsMaintenance(accounts, real_time), FailureLog()
    tasks = (
        PeriodicTask(
            "maintenance of the accounts",
            MAINTENANCE_INTERVAL_S,
            lambda: _maintain_accounts(maintenance, accounts, app),
        ),
        PeriodicTask("purge of the accounts", PURGE_INTERVAL_S, maintenance.purge_expired),
    )
    background = PeriodicTaskRunner(tasks)
    try:
        while not stop.is_set():
            now_s = time.monotonic()
            if now_s - ticked_s >= (MIN_FRAME_INTERVAL_S if live.inbox else FRAME_TICK_S):
                ticked_s = now_s
                is_fresh = faults.attempt(
                    "a frame of the live pages", partial(_update_live, live, now_s, real_time, site_time)
                )
            if now_s - subscribed_s >= RESUBSCRIBE_S:
                subscribed_s = now_s
                faults.attempt("subscribing again", subscriber.resubscribe_refused)
            faults.attempt("closing expired connections", partial(server.check_connections, now_s))
            faults.attempt("starting background tasks", partial(background.start_due, now_s))
            gevent.sleep(LOOP_PAUSE_S)
            if server.closed:
                raise ListenerLost("dashboard: the listening socket failed; see the log line above")
            if is_fresh:
                report_progress()
    finally:
        server.stop(timeout=STREAM_SHUTDOWN_S)
        subscriber.stop()


def _update_live(live: LiveView, now_s: float, real_time: SiteTime, site_time: SiteTime) -> None:
    live.tick(now_s)
    real_time.now_ms()
    if (collector_ms := live.snapshot.take_collector_ms()) is not None:
        site_time.record_device_time(COLLECTOR_WITNESS, collector_ms, exact=True)


def _maintain_accounts(maintenance: AccountsMaintenance, accounts: Accounts, app: Flask) -> None:
    maintenance.maintain()
    app.config["SECRET_KEY"] = accounts.form_secret


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
