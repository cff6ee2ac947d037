"""Sentences for the faults that the collector publishes with its status.

In:    a published fault, the page's texts.
Out:   a sentence for staff.
Never: evaluation.
"""

from collector.contract.collector_faults import CollectorFault, FaultKind
from dashboard.text.page_texts import PageTexts
from edge.timekeeping.durations import DAY_S, HOUR_S, MINUTE_S


def describe_fault(fault: CollectorFault, texts: PageTexts) -> str:
    """Return a sentence about one fault."""
    rows, names = fault.rows or 0, ", ".join(fault.names)
    return _find_sentence(fault, rows, texts).format(
        names=names, rows=rows, span=_format_span(abs(fault.off_s or 0), texts)
    )


def _find_sentence(fault: CollectorFault, rows: int, texts: PageTexts) -> str:
    _ = texts.gettext
    if fault.kind is FaultKind.CLOCK_OFF and (fault.off_s or 0) < 0:
        return _(
            "The server's clock is {span} fast. Neither time synchronisation nor the devices confirm it: the site keeps"
            " its own time."
        )
    return {
        FaultKind.JOURNAL_FULL: _(
            "The database's disk is full. Free some space there; the collector then continues by itself."
        ),
        FaultKind.JOURNAL_READ_ONLY: _(
            "The database's disk is read-only. Make it writable; the collector then continues by itself."
        ),
        FaultKind.JOURNAL_DISK_FAILS: _("The database's disk is failing. Check the disk and the system's log."),
        FaultKind.JOURNAL_NOT_OPENED: _(
            "The database cannot be opened. Its folder must exist and be writable for the collector."
        ),
        FaultKind.JOURNAL_OF_ANOTHER_USER: _(
            "The database's files belong to another user of the server. The collector's log has the command that"
            " corrects it."
        ),
        FaultKind.JOURNAL_LOCKED: _("Another program has locked the database. Stop that program."),
        FaultKind.JOURNAL_LOG_HELD: _(
            "Another program keeps the database open, so its log cannot be shortened. Stop that program."
        ),
        FaultKind.JOURNAL_CHECK_RUNS: _("The database is damaged and will be replaced when a check of it has ended."),
        FaultKind.OUT_OF_MEMORY: _("The server is out of memory. Stop programs that use much memory."),
        FaultKind.TOO_MANY_FILES: _("The collector has too many files open. Allow it more (LimitNOFILE=)."),
        FaultKind.HISTORY_NOT_COPIED: _("History cannot be copied to InfluxDB: see the collector's log."),
        FaultKind.INFLUXDB_SILENT: _("InfluxDB does not answer."),
        FaultKind.INFLUXDB_INCOMPLETE: _("InfluxDB sends incomplete answers."),
        FaultKind.INFLUXDB_ERROR: _("InfluxDB answers with an error: see its log."),
        FaultKind.INFLUXDB_TOKEN: _("InfluxDB refuses the collector's token."),
        FaultKind.INFLUXDB_NO_DATABASE: _("InfluxDB has no database or bucket {names}."),
        FaultKind.NOT_INFLUXDB: _("The address of InfluxDB is answered by something else."),
        FaultKind.ROWS_REJECTED: texts.ngettext(
            "InfluxDB rejects {rows} row of history.", "InfluxDB rejects {rows} rows of history.", rows
        ),
        FaultKind.MANY_ROWS_REJECTED: texts.ngettext(
            "InfluxDB rejects {rows} row of history or more.",
            "InfluxDB rejects {rows} rows of history or more.",
            rows,
        ),
        FaultKind.CLOCK_OFF: _(
            "The server's clock is {span} slow. Neither time synchronisation nor the devices confirm it: the site keeps"
            " its own time."
        ),
        FaultKind.TOPICS_REFUSED: _(
            "The broker does not let the collector read {names}: correct its rights at the broker."
        ),
        FaultKind.UNKNOWN_DEVICES: _("Events of {names} are rejected: the site file has no such device."),
    }[fault.kind]


def _format_span(span_s: int, texts: PageTexts) -> str:
    """Format a span in the largest unit that fits at least twice."""
    if span_s >= 2 * DAY_S:
        n = span_s // DAY_S
        return texts.ngettext("{n} day", "{n} days", n).format(n=n)
    if span_s >= 2 * HOUR_S:
        n = span_s // HOUR_S
        return texts.ngettext("{n} hour", "{n} hours", n).format(n=n)
    return texts.gettext("{n} min").format(n=max(2, round(span_s / MINUTE_S)))
