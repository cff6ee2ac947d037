"""Texts of alerts in Swedish and English: what is wrong, what to do, and that it has ended.

In:    alerts, the plan, a language.
Out:   sentences, the same in notifications and on the staff page.
Never: clocks, HTML, evaluation.

The texts are here and not with the pages' translations, because the collector sends notifications without any pages.
"""

from collections.abc import Mapping
from typing import Final

from collector.configuration.alert_settings import Language
from collector.contract.alerts import AT_MOST, NO_BACKUP, Alert, AlertKind
from collector.contract.findings import FindingKind
from collector.contract.loss_reasons import LossReason
from collector.site.calendar import to_local_time
from collector.site.plan import SitePlan

_MONTHS: Final = {
    Language.EN: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    Language.SV: ["jan.", "feb.", "mars", "apr.", "maj", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "dec."],
}
_EN: Final[Mapping[str, str]] = {
    "name.device_silent": "Device offline",
    "name.sensor_silent": "Sensor not reporting",
    "name.battery_low": "Battery low",
    "name.stuck": "Sensor stuck",
    "name.lost_events": "Events lost",
    "name.two_clients": "Two devices with one name",
    "name.over_capacity": "Over capacity",
    "name.co2_high": "Poor air",
    "name.supply_low": "Running low",
    "name.few_free": "Few desks free",
    "name.disk_nearly_full": "Disk nearly full",
    "name.journal_away": "Data not being stored",
    "name.journal_restored": "Database restored",
    "name.history_away": "History not copied",
    "name.not_delivered": "Messages not delivered",
    "name.clock_doubted": "Server clock not trusted",
    "what.device_silent": "{name} has been offline since {since}: {sensors}.",
    "what.sensor_silent": "{name} has not reported since {since}, although {device} is online.",
    "what.battery_low": "The battery of {name} is at {value}%.",
    "what.battery_low.unknown": "The battery of {name} will soon be empty.",
    "what.stuck.stuck_on": "{name} has been active without a break for longer than anybody stays.",
    "what.stuck.stuck_off": "{name} detects nothing although its space is used.",
    "what.stuck.never_triggered": "{name} has never detected anything although its space is used.",
    "what.lost_events": "{value} events from {name} have been lost since {since}.",
    "what.lost_events.one": "1 event from {name} was lost at {since}.",
    "what.two_clients": "Two clients have signed in as {name} since {since}.",
    "what.over_capacity": "There are {value} people here; the capacity is {limit}.",
    "what.co2_high": "{name} has been above {limit} ppm CO₂ since {since} (now {value} ppm).",
    "what.supply_low": "{name}: {value}% left.",
    "what.few_free": "{value} desks are free; fewer than {limit} since {since}.",
    "what.few_free.one": "1 desk is free; fewer than {limit} since {since}.",
    "what.few_free.none": "No desk has been free since {since}.",
    "what.few_free.at_most": "At most {value} of the desks are free; fewer than {limit} since {since}.",
    "what.disk_nearly_full": "{value}% of the collector's disk is free.",
    "what.journal_away": "The collector has not been able to store data since {since}.",
    "what.journal_restored": "The database was damaged and has been restored from a backup: events from {since} to "
    "{fired} are missing.",
    "what.journal_restored.no_backup": "The database was damaged and there was no backup: all data before {fired} is "
    "missing.",
    "what.history_away": "InfluxDB has rejected part of the history since {since}.",
    "what.not_delivered": "Messages to {name} have not been delivered since {since}.",
    "what.clock_doubted": "The server's clock jumped at {since}, and neither time synchronisation nor the devices "
    "confirm the new time. The site keeps its own time.",
    "do.device_silent": "Check power and Wi-Fi of {device}.",
    "do.sensor_silent": "Check its wiring, and its battery if it has one.",
    "do.battery_low": "Replace the battery.",
    "do.stuck.stuck_on": "Check for something in front of it, and check its wiring.",
    "do.stuck.stuck_off": "Walk up to it and see whether it responds. If not, check its wiring.",
    "do.stuck.never_triggered": "Walk up to it and see whether it responds. If not, check its wiring.",
    "do.lost_events.dropped": "Its queue was full: check that it reaches the broker, and how long it was disconnected.",
    "do.lost_events.sensor": "The site file does not list this sensor, or lists it as another kind: correct the site "
    "file and restart.",
    "do.lost_events.contract": "It sends data that the collector cannot use: see the devices page for details.",
    "do.lost_events.future": "Its clock is fast: check that it reaches a time server.",
    "do.lost_events.old": "They arrived too late to be stored: check how long it was disconnected, and its clock.",
    "do.lost_events.journal": "They were stored before the database was damaged: check the disk.",
    "do.two_clients": "Look for a copied memory card or a second process; give each device its own name and password.",
    "do.over_capacity": "Check on site. If the count is wrong, check the door counter.",
    "do.co2_high": "Open a window, or check the ventilation.",
    "do.supply_low": "Refill it.",
    "do.few_free": "Let members know before they come, and point them to free booths and rooms.",
    "do.disk_nearly_full": "Free some disk space: when the disk is full, nothing more is stored.",
    "do.journal_away": "Free some disk space or make the disk writable; the collector then continues by itself.",
    "do.journal_restored": "Check the disk: a memory card that damages one file soon damages others.",
    "do.history_away": "See the staff page and the collector's log for the reason. Nothing is lost.",
    "do.not_delivered": "Check the address, and test it with “ledig alerts test”.",
    "do.clock_doubted": "Turn on the server's time synchronisation (timedatectl set-ntp true) and check its clock.",
    "over.device_silent": "{name} has been online again since {ended}; it was offline from {since}.",
    "over.sensor_silent": "{name} has been reporting again since {ended}; it sent no data from {since}.",
    "over.battery_low": "The battery of {name} is OK again.",
    "over.stuck": "{name} works again.",
    "over.lost_events": "No more events from {name} were lost after {ended}; {value} in total.",
    "over.lost_events.one": "No more events from {name} were lost after {ended}; 1 in total.",
    "over.two_clients": "Only one client has signed in as {name} since {ended}.",
    "over.over_capacity": "The number of people has been below capacity again since {ended}.",
    "over.co2_high": "The air in {name} has been better since {ended}.",
    "over.supply_low": "{name} has been refilled.",
    "over.few_free": "Enough desks have been free again since {ended}.",
    "over.disk_nearly_full": "The collector's disk has had enough space again since {ended}.",
    "over.journal_away": "The collector has been storing data again since {ended}.",
    "over.journal_restored": "The database was restored more than three days ago.",
    "over.history_away": "InfluxDB has accepted all of the history again since {ended}.",
    "over.not_delivered": "Messages to {name} have been delivered again since {ended}.",
    "over.clock_doubted": "The server's clock has been right again since {ended}.",
    "over.left": "{name} is no longer monitored.",
    "many.sensor_silent": "{n} sensors on {device} are not reporting: {names}.",
    "many.battery_low": "The batteries of {n} sensors on {device} are low: {names}.",
    "many.stuck": "{n} sensors on {device} are stuck: {names}.",
    "many.over": "{n} sensors on {device} work again: {names}.",
    "sensors.one": "1 sensor affected",
    "sensors": "{n} sensors affected",
    "title": "{site}: {about}",
    "title.over": "{site}, resolved: {about}",
    "title.many": "{site}: {n} alerts",
    "title.many.over": "{site}: {n} alerts resolved",
    "trial": "{site}: test message",
    "trial.body": "This is a test message from {site}. Nothing is wrong.",
    "today": "{h}:{m}",
    "day": "{d} {month} {h}:{m}",
    "decimal": ".",
}
_SV: Final[Mapping[str, str]] = {
    "name.device_silent": "Enhet inte ansluten",
    "name.sensor_silent": "Sensor svarar inte",
    "name.battery_low": "Svagt batteri",
    "name.stuck": "Sensor har hängt sig",
    "name.lost_events": "Förlorade händelser",
    "name.two_clients": "Två enheter med samma namn",
    "name.over_capacity": "För många personer",
    "name.co2_high": "Dålig luft",
    "name.supply_low": "Håller på att ta slut",
    "name.few_free": "Få lediga skrivbord",
    "name.disk_nearly_full": "Disken är nästan full",
    "name.journal_away": "Data sparas inte",
    "name.journal_restored": "Databasen återställd",
    "name.history_away": "Historiken kopieras inte",
    "name.not_delivered": "Meddelanden kommer inte fram",
    "name.clock_doubted": "Serverklockan är osäker",
    "what.device_silent": "{name} har inte varit ansluten sedan {since}: {sensors}.",
    "what.sensor_silent": "{name} har inte svarat sedan {since}, trots att {device} är ansluten.",
    "what.battery_low": "Batteriet i {name} är på {value} %.",
    "what.battery_low.unknown": "Batteriet i {name} tar snart slut.",
    "what.stuck.stuck_on": "{name} har varit aktiv utan avbrott längre än någon stannar.",
    "what.stuck.stuck_off": "{name} reagerar inte trots att platsen används.",
    "what.stuck.never_triggered": "{name} har aldrig reagerat trots att platsen används.",
    "what.lost_events": "{value} händelser från {name} har gått förlorade sedan {since}.",
    "what.lost_events.one": "1 händelse från {name} gick förlorad {since}.",
    "what.two_clients": "Två klienter loggar in som {name} sedan {since}.",
    "what.over_capacity": "Det är {value} personer här; det får vara högst {limit}.",
    "what.co2_high": "{name} har legat över {limit} ppm CO₂ sedan {since} (nu {value} ppm).",
    "what.supply_low": "{name}: {value} % kvar.",
    "what.few_free": "{value} skrivbord är lediga; färre än {limit} sedan {since}.",
    "what.few_free.one": "1 skrivbord är ledigt; färre än {limit} sedan {since}.",
    "what.few_free.none": "Inget skrivbord har varit ledigt sedan {since}.",
    "what.few_free.at_most": "Högst {value} av skrivborden är lediga; färre än {limit} sedan {since}.",
    "what.disk_nearly_full": "{value} % av insamlarens disk är ledig.",
    "what.journal_away": "Insamlaren har inte kunnat spara data sedan {since}.",
    "what.journal_restored": "Databasen var skadad och har återställts från en säkerhetskopia: händelser från {since} "
    "till {fired} saknas.",
    "what.journal_restored.no_backup": "Databasen var skadad och det fanns ingen säkerhetskopia: alla data före "
    "{fired} saknas.",
    "what.history_away": "InfluxDB har avvisat en del av historiken sedan {since}.",
    "what.not_delivered": "Meddelanden till {name} har inte kommit fram sedan {since}.",
    "what.clock_doubted": "Serverns klocka hoppade {since}, och varken tidssynkronisering eller enheter bekräftar "
    "den nya tiden. Systemet behåller sin egen tid.",
    "do.device_silent": "Kontrollera ström och wifi för {device}.",
    "do.sensor_silent": "Kontrollera kablarna, och batteriet om den har ett.",
    "do.battery_low": "Byt batteri.",
    "do.stuck.stuck_on": "Kontrollera om något står framför den, och kontrollera kablarna.",
    "do.stuck.stuck_off": "Gå fram till den och se om den reagerar. Annars: kontrollera kablarna.",
    "do.stuck.never_triggered": "Gå fram till den och se om den reagerar. Annars: kontrollera kablarna.",
    "do.lost_events.dropped": "Kön blev full: kontrollera att enheten når brokern, och hur länge den var bortkopplad.",
    "do.lost_events.sensor": "Sensorn finns inte i konfigurationsfilen, eller har fel typ: rätta filen och starta om.",
    "do.lost_events.contract": "Enheten skickar data som insamlaren inte kan använda: se enhetssidan.",
    "do.lost_events.future": "Klockan går före: kontrollera att enheten når en tidsserver.",
    "do.lost_events.old": "De kom för sent för att sparas: kontrollera hur länge enheten var bortkopplad, och klockan.",
    "do.lost_events.journal": "De sparades innan databasen skadades: kontrollera disken.",
    "do.two_clients": "Leta efter ett kopierat minneskort eller ännu en process. Ge varje enhet eget namn och "
    "lösenord.",
    "do.over_capacity": "Kontrollera på plats. Stämmer inte antalet: kontrollera dörräknaren.",
    "do.co2_high": "Öppna ett fönster, eller kontrollera ventilationen.",
    "do.supply_low": "Fyll på.",
    "do.few_free": "Meddela medlemmarna innan de kommer, och hänvisa till lediga bås och rum.",
    "do.disk_nearly_full": "Frigör utrymme: när disken är full sparas ingenting mer.",
    "do.journal_away": "Frigör utrymme på disken eller gör den skrivbar; sedan fortsätter insamlaren av sig själv.",
    "do.journal_restored": "Kontrollera disken: ett minneskort som skadar en fil skadar snart fler.",
    "do.history_away": "Se personalsidan och insamlarens logg för orsaken. Inget är förlorat.",
    "do.not_delivered": "Kontrollera adressen och testa den med ”ledig alerts test”.",
    "do.clock_doubted": "Slå på tidssynkronisering på servern (timedatectl set-ntp true) och kontrollera klockan.",
    "over.device_silent": "{name} är ansluten igen sedan {ended}; avbrottet började {since}.",
    "over.sensor_silent": "{name} svarar igen sedan {ended}; avbrottet började {since}.",
    "over.battery_low": "Batteriet i {name} har tillräcklig laddning igen.",
    "over.stuck": "{name} fungerar igen.",
    "over.lost_events": "Inga fler händelser från {name} gick förlorade efter {ended}; totalt {value}.",
    "over.lost_events.one": "Inga fler händelser från {name} gick förlorade efter {ended}; totalt 1.",
    "over.two_clients": "Bara en klient loggar in som {name} sedan {ended}.",
    "over.over_capacity": "Antalet personer är inte längre för högt sedan {ended}.",
    "over.co2_high": "Luften i {name} är bättre sedan {ended}.",
    "over.supply_low": "{name} har fyllts på.",
    "over.few_free": "Tillräckligt många skrivbord är lediga igen sedan {ended}.",
    "over.disk_nearly_full": "Insamlarens disk har tillräckligt med utrymme igen sedan {ended}.",
    "over.journal_away": "Insamlaren sparar data igen sedan {ended}.",
    "over.journal_restored": "Databasen återställdes för mer än tre dagar sedan.",
    "over.history_away": "InfluxDB tar emot all historik igen sedan {ended}.",
    "over.not_delivered": "Meddelanden till {name} kommer fram igen sedan {ended}.",
    "over.clock_doubted": "Serverns klocka går rätt igen sedan {ended}.",
    "over.left": "{name} övervakas inte längre.",
    "many.sensor_silent": "{n} sensorer på {device} svarar inte: {names}.",
    "many.battery_low": "Batterierna i {n} sensorer på {device} är snart slut: {names}.",
    "many.stuck": "{n} sensorer på {device} har hängt sig: {names}.",
    "many.over": "{n} sensorer på {device} fungerar igen: {names}.",
    "sensors.one": "1 sensor påverkas",
    "sensors": "{n} sensorer påverkas",
    "title": "{site}: {about}",
    "title.over": "{site}, avslutat: {about}",
    "title.many": "{site}: {n} larm",
    "title.many.over": "{site}: {n} larm avslutade",
    "trial": "{site}: testmeddelande",
    "trial.body": "Det här är ett testmeddelande från {site}. Ingenting är fel.",
    "today": "kl. {h}.{m}",
    "day": "{d} {month} kl. {h}.{m}",
    "decimal": ",",
}
ALERT_TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {Language.SV: _SV, Language.EN: _EN}

_REMEDY_BY_LOSS: Final = {
    LossReason.DROPPED: "dropped",
    LossReason.UNKNOWN_SENSOR: "sensor",
    LossReason.UNFIT_KIND: "sensor",
    LossReason.FUTURE: "future",
    LossReason.TOO_OLD: "old",
    LossReason.JOURNAL_DAMAGED: "journal",
}
"""The remedy text of each reason; all other reasons are contract violations and share one remedy."""


_VARIANTS: Final = {(AlertKind.FEW_FREE, AT_MOST), (AlertKind.JOURNAL_RESTORED, NO_BACKUP)}
"""Kinds and reasons with their own sentence."""


class AlertTexts:
    """Texts for the alerts of one site in one language, at one instant of site time."""

    def __init__(self, plan: SitePlan, language: Language, now_ms: int) -> None:
        self._plan, self._language, self._now_ms = plan, language, now_ms
        self._texts = ALERT_TEXTS[language]
        self._doors = {door.id: door.name for door in plan.doors}

    def format_text(self, key: str, **values: object) -> str:
        """Return a text with its placeholders filled in."""
        return self._texts[key].format(**values)

    def get_kind_name(self, kind: AlertKind) -> str:
        """Return the name of a kind of alert."""
        return self._texts[f"name.{kind}"]

    def get_subject_name(self, subject: str) -> str:
        """Return the display name of an alert's subject."""
        device, _, sensor = subject.partition("/")
        if sensor:
            watched = self._watched_name(device, sensor)
            return f"{sensor} ({watched})" if watched else sensor
        named = self._plan.space_by_id.get(subject) or self._plan.zone_by_id.get(subject)
        return named.name if named else self._plan.name if subject == "site" else subject

    def describe(self, alert: Alert) -> str:
        """Return what is wrong in one sentence; for an ended alert, what was wrong."""
        return self._format_alert(_description_key(alert), alert)

    def describe_remedy(self, alert: Alert) -> str:
        """Return what the reader can do."""
        if alert.kind is AlertKind.STUCK:
            return self._format_alert(f"do.stuck.{_stuck_finding(alert)}", alert)
        if alert.kind is AlertKind.LOST_EVENTS:
            return self._format_alert(
                f"do.lost_events.{_REMEDY_BY_LOSS.get(_parse_loss(alert.reason), 'contract')}", alert
            )
        return self._format_alert(f"do.{alert.kind}", alert)

    def describe_end(self, alert: Alert) -> str:
        """Return the sentence that reports its end."""
        one = ".one" if alert.kind is AlertKind.LOST_EVENTS and alert.value == 1 else ""
        return self._format_alert("over.left" if alert.left else f"over.{alert.kind}{one}", alert)

    def format_instant(self, at_ms: int) -> str:
        """Return an instant in local time, with its date if it is not today."""
        at, now = to_local_time(self._plan, at_ms), to_local_time(self._plan, self._now_ms)
        month = _MONTHS[self._language][at.month - 1]
        key = "today" if at.date() == now.date() else "day"
        return self.format_text(key, d=at.day, month=month, h=f"{at.hour:02}", m=f"{at.minute:02}")

    def format_number(self, value: float | None) -> str:
        """Return a number in the format of the language; empty for None."""
        if value is None:
            return ""
        return f"{value:.0f}" if float(value).is_integer() else f"{value:g}".replace(".", self._texts["decimal"])

    def _format_alert(self, key: str, alert: Alert) -> str:
        sensors = self.format_text("sensors.one" if alert.sensors == 1 else "sensors", n=alert.sensors)
        return self.format_text(
            key,
            name=self.get_subject_name(alert.subject),
            device=alert.subject.partition("/")[0],
            since=self.format_instant(alert.since_ms),
            fired=self.format_instant(alert.fired_ms),
            ended=self.format_instant(alert.ended_ms if alert.ended_ms is not None else self._now_ms),
            value=self.format_number(alert.value),
            limit=self.format_number(alert.limit),
            sensors=sensors,
        )

    def _watched_name(self, device: str, sensor: str) -> str:
        known = self._plan.sensor_by_key.get((device, sensor))
        if known is None:
            return ""
        if known.space is not None:
            return self._plan.space_by_id[known.space].name
        return self._doors[known.door] if known.door is not None else self._plan.zone_by_id[known.zone or ""].name


def _description_key(alert: Alert) -> str:
    key = f"what.{alert.kind}"
    if alert.kind is AlertKind.STUCK:
        return f"{key}.{_stuck_finding(alert)}"
    if alert.kind is AlertKind.BATTERY_LOW and alert.value is None:
        return f"{key}.unknown"
    if alert.kind is AlertKind.FEW_FREE and not alert.value:
        return f"{key}.none"
    if (alert.kind, alert.reason) in _VARIANTS:
        return f"{key}.{alert.reason}"
    if alert.kind in {AlertKind.LOST_EVENTS, AlertKind.FEW_FREE} and alert.value == 1:
        return f"{key}.one"
    return key


def _stuck_finding(alert: Alert) -> str:
    known = (FindingKind.STUCK_ON, FindingKind.STUCK_OFF, FindingKind.NEVER_TRIGGERED)
    return alert.reason if alert.reason in known else FindingKind.STUCK_OFF.value


def _parse_loss(reason: str) -> LossReason:
    return LossReason(reason) if reason in set(LossReason) else LossReason.DROPPED
