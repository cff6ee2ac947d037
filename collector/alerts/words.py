"""Words alerts, in Swedish and English: what is wrong, what to do, and that it is over.

In:    alerts, the plan, a language.
Out:   sentences, the same in a message and on the manager's page.
Never: clocks, HTML, a judgement.

The words stand here, and not with the pages' translations: messages go out from the collector, which has no pages.
"""

from collections.abc import Mapping
from typing import Final

from collector.alerts.settings import Language
from collector.alerts.wire import AT_MOST, NO_BACKUP, Alert, AlertKind
from collector.days import local
from collector.health.findings import FindingKind
from collector.plan import SitePlan
from collector.rejection import Loss

_MONTHS: Final = {
    Language.EN: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    Language.SV: ["jan.", "feb.", "mars", "apr.", "maj", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "dec."],
}
_EN: Final[Mapping[str, str]] = {
    "name.device_silent": "Device silent",
    "name.sensor_silent": "Sensor silent",
    "name.battery_low": "Battery low",
    "name.stuck": "Sensor stuck",
    "name.lost_events": "Events lost",
    "name.over_capacity": "Too many people",
    "name.co2_high": "Bad air",
    "name.supply_low": "Running out",
    "name.few_free": "Few desks free",
    "name.disk_nearly_full": "Disk nearly full",
    "name.journal_away": "Nothing is stored",
    "name.journal_restored": "Journal restored",
    "name.not_delivered": "Messages not delivered",
    "what.device_silent": "{name} has not been heard since {since}: {sensors}.",
    "what.sensor_silent": "{name} has not been heard since {since}, though {device} is.",
    "what.battery_low": "The battery of {name} is at {value}%.",
    "what.battery_low.unknown": "The battery of {name} will soon be empty.",
    "what.stuck.stuck_on": "{name} has been on without a break for longer than anybody stays.",
    "what.stuck.stuck_off": "{name} says nothing while its place is used.",
    "what.stuck.never_triggered": "{name} has never come on, though its place is used.",
    "what.lost_events": "{value} events of {name} are lost, since {since}.",
    "what.lost_events.one": "1 event of {name} is lost, at {since}.",
    "what.over_capacity": "{value} people are in the house; it has places for {limit}.",
    "what.co2_high": "{name} has had more than {limit} ppm CO₂ since {since} ({value} ppm).",
    "what.supply_low": "{name}: {value}% left.",
    "what.few_free": "{value} desks are free; fewer than {limit} since {since}.",
    "what.few_free.one": "1 desk is free; fewer than {limit} since {since}.",
    "what.few_free.none": "No desk has been free since {since}.",
    "what.few_free.at_most": "At most {value} of the desks are free; fewer than {limit} since {since}.",
    "what.disk_nearly_full": "{value}% of the collector's disk is free.",
    "what.journal_away": "The collector has not been able to write its journal since {since}: nothing is judged.",
    "what.journal_restored": "The journal was damaged and a backup took its place: events from {since} to {fired} are"
    " missing.",
    "what.journal_restored.no_backup": "The journal was damaged and had no backup: all before {fired} is missing.",
    "what.not_delivered": "Messages have not reached {name} since {since}.",
    "do.device_silent": "See to the power and Wi-Fi of {device}.",
    "do.sensor_silent": "Check its wires, and its battery if it has one.",
    "do.battery_low": "Change its battery.",
    "do.stuck.stuck_on": "Look for something in front of it, and check its wires.",
    "do.stuck.stuck_off": "Walk up to it and see whether it answers; if not, check its wires.",
    "do.stuck.never_triggered": "Walk up to it and see whether it answers; if not, check its wires.",
    "do.lost_events.dropped": "Its outbox let go of them: see that it reaches the broker, and how long it was away.",
    "do.lost_events.sensor": "The site file does not know this sensor, or not as this kind: mend it and start anew.",
    "do.lost_events.contract": "It sends what the collector cannot use: the page about devices shows which, and why.",
    "do.lost_events.future": "Its clock is fast: see that it reaches a time server.",
    "do.lost_events.old": "They came too late to be kept: see how long it was away, and whether its clock is right.",
    "do.lost_events.journal": "They were stored and receipted before the journal was damaged: check its disk.",
    "do.over_capacity": "Look around; if it is not so, see whether the door's counter counts right.",
    "do.co2_high": "Open a window, or see to the ventilation.",
    "do.supply_low": "Fill it up.",
    "do.few_free": "Tell members before they come, and show them the booths and rooms that are free.",
    "do.disk_nearly_full": "Free some space: without any, nothing more is stored.",
    "do.journal_away": "Free some space on its disk, or make it writable; the collector then goes on by itself.",
    "do.journal_restored": "Check the disk: a memory card that damages one file soon damages others.",
    "do.not_delivered": "Look at its address, and try it with “ledig alerts test”.",
    "over.device_silent": "{name} has been heard again since {ended}; it was silent from {since}.",
    "over.sensor_silent": "{name} has been heard again since {ended}; it was silent from {since}.",
    "over.battery_low": "The battery of {name} is well again.",
    "over.stuck": "{name} answers again.",
    "over.lost_events": "No more events of {name} were lost after {ended}; {value} were.",
    "over.lost_events.one": "No more events of {name} were lost after {ended}; 1 was.",
    "over.over_capacity": "There are places for everybody again since {ended}.",
    "over.co2_high": "The air of {name} has been better since {ended}.",
    "over.supply_low": "{name} has been filled up.",
    "over.few_free": "Desks have been free again since {ended}.",
    "over.disk_nearly_full": "The collector's disk has had room again since {ended}.",
    "over.journal_away": "The collector has been able to write its journal again since {ended}.",
    "over.journal_restored": "The journal was restored more than three days ago.",
    "over.not_delivered": "Messages have reached {name} again since {ended}.",
    "over.left": "{name} is no longer looked at.",
    "many.sensor_silent": "{n} sensors of {device} are not heard: {names}.",
    "many.battery_low": "The batteries of {n} sensors of {device} are nearly empty: {names}.",
    "many.stuck": "{n} sensors of {device} are stuck: {names}.",
    "many.over": "{n} sensors of {device} are well again: {names}.",
    "sensors.one": "1 sensor is affected",
    "sensors": "{n} sensors are affected",
    "title": "{house}: {about}",
    "title.over": "{house}, over: {about}",
    "title.many": "{house}: {n} things to look at",
    "title.many.over": "{house}: {n} things are over",
    "trial": "{house}: a trial",
    "trial.body": "This is how {house} tells what needs a look. Nothing is wrong.",
    "today": "{h}:{m}",
    "day": "{d} {month} {h}:{m}",
    "decimal": ".",
}
_SV: Final[Mapping[str, str]] = {
    "name.device_silent": "Tyst enhet",
    "name.sensor_silent": "Tyst sensor",
    "name.battery_low": "Svagt batteri",
    "name.stuck": "Sensor som hängt sig",
    "name.lost_events": "Förlorade händelser",
    "name.over_capacity": "För många i huset",
    "name.co2_high": "Dålig luft",
    "name.supply_low": "Håller på att ta slut",
    "name.few_free": "Få lediga platser",
    "name.disk_nearly_full": "Disken är nästan full",
    "name.journal_away": "Ingenting sparas",
    "name.journal_restored": "Journalen återställd",
    "name.not_delivered": "Meddelanden kommer inte fram",
    "what.device_silent": "{name} har inte hörts sedan {since}: {sensors}.",
    "what.sensor_silent": "{name} har inte hörts sedan {since}, fast {device} hörs.",
    "what.battery_low": "Batteriet i {name} är nere på {value} %.",
    "what.battery_low.unknown": "Batteriet i {name} tar snart slut.",
    "what.stuck.stuck_on": "{name} har varit till utan uppehåll längre än någon sitter kvar.",
    "what.stuck.stuck_off": "{name} säger ingenting fast platsen används.",
    "what.stuck.never_triggered": "{name} har aldrig slagit till fast platsen används.",
    "what.lost_events": "{value} händelser från {name} har gått förlorade sedan {since}.",
    "what.lost_events.one": "1 händelse från {name} har gått förlorad {since}.",
    "what.over_capacity": "{value} personer är i huset; det har plats för {limit}.",
    "what.co2_high": "{name} har haft mer än {limit} ppm CO₂ sedan {since} ({value} ppm).",
    "what.supply_low": "{name}: {value} % kvar.",
    "what.few_free": "{value} skrivbord är lediga; färre än {limit} sedan {since}.",
    "what.few_free.one": "1 skrivbord är ledigt; färre än {limit} sedan {since}.",
    "what.few_free.none": "Inget skrivbord har varit ledigt sedan {since}.",
    "what.few_free.at_most": "Högst {value} av skrivborden är lediga; färre än {limit} sedan {since}.",
    "what.disk_nearly_full": "{value} % av insamlarens disk är ledigt.",
    "what.journal_away": "Insamlaren har inte kunnat skriva sin journal sedan {since}: ingenting bedöms.",
    "what.journal_restored": "Journalen var skadad och ersattes av en säkerhetskopia: händelser från {since} till"
    " {fired} saknas.",
    "what.journal_restored.no_backup": "Journalen var skadad och säkerhetskopia saknades: allt före {fired} är borta.",
    "what.not_delivered": "Meddelanden har inte nått {name} sedan {since}.",
    "do.device_silent": "Se över ström och wifi till {device}.",
    "do.sensor_silent": "Se över kablarna, och batteriet om den har ett.",
    "do.battery_low": "Byt batteri.",
    "do.stuck.stuck_on": "Se efter om något står framför den, och kontrollera kablarna.",
    "do.stuck.stuck_off": "Gå fram till den och se om den svarar; annars, kontrollera kablarna.",
    "do.stuck.never_triggered": "Gå fram till den och se om den svarar; annars, kontrollera kablarna.",
    "do.lost_events.dropped": "Utkorgen släppte dem: se efter att den når brokern, och hur länge den var borta.",
    "do.lost_events.sensor": "Husfilen känner inte sensorn, eller inte som den sorten: rätta den och starta om.",
    "do.lost_events.contract": "Enheten skickar data som inte kan användas: sidan om enheter visar vad och varför.",
    "do.lost_events.future": "Klockan går före: se efter att den når en tidsserver.",
    "do.lost_events.old": "De kom för sent för att sparas: se hur länge den var borta, och om klockan går rätt.",
    "do.lost_events.journal": "De sparades och kvitterades innan journalen skadades: kontrollera dess disk.",
    "do.over_capacity": "Se efter; stämmer det inte, kontrollera att dörrens räknare räknar rätt.",
    "do.co2_high": "Öppna ett fönster, eller se över ventilationen.",
    "do.supply_low": "Fyll på.",
    "do.few_free": "Säg till medlemmarna innan de kommer, och visa dem lediga bås och rum.",
    "do.disk_nearly_full": "Frigör utrymme: utan plats sparas ingenting mer.",
    "do.journal_away": "Frigör utrymme på dess disk, eller gör den skrivbar; sedan fortsätter den av sig själv.",
    "do.journal_restored": "Kontrollera disken: ett minneskort som skadar en fil skadar snart fler.",
    "do.not_delivered": "Se över adressen, och pröva den med ”ledig alerts test”.",
    "over.device_silent": "{name} hörs igen sedan {ended}; tyst var det från {since}.",
    "over.sensor_silent": "{name} hörs igen sedan {ended}; tyst var det från {since}.",
    "over.battery_low": "Batteriet i {name} är bra igen.",
    "over.stuck": "{name} svarar igen.",
    "over.lost_events": "Inga fler händelser från {name} gick förlorade efter {ended}; {value} gjorde det.",
    "over.lost_events.one": "Inga fler händelser från {name} gick förlorade efter {ended}; 1 gjorde det.",
    "over.over_capacity": "Det finns plats för alla igen sedan {ended}.",
    "over.co2_high": "Luften i {name} är bättre sedan {ended}.",
    "over.supply_low": "{name} är påfyllt.",
    "over.few_free": "Skrivbord är lediga igen sedan {ended}.",
    "over.disk_nearly_full": "Insamlarens disk har plats igen sedan {ended}.",
    "over.journal_away": "Insamlaren kan skriva sin journal igen sedan {ended}.",
    "over.journal_restored": "Journalen återställdes för mer än tre dygn sedan.",
    "over.not_delivered": "Meddelanden når {name} igen sedan {ended}.",
    "over.left": "{name} bevakas inte längre.",
    "many.sensor_silent": "{n} sensorer på {device} hörs inte: {names}.",
    "many.battery_low": "Batterierna i {n} sensorer på {device} är nästan slut: {names}.",
    "many.stuck": "{n} sensorer på {device} har hängt sig: {names}.",
    "many.over": "{n} sensorer på {device} är bra igen: {names}.",
    "sensors.one": "1 sensor berörs",
    "sensors": "{n} sensorer berörs",
    "title": "{house}: {about}",
    "title.over": "{house}, över: {about}",
    "title.many": "{house}: {n} saker att se över",
    "title.many.over": "{house}: {n} saker är över",
    "trial": "{house}: ett prov",
    "trial.body": "Så här berättar {house} vad som behöver ses över. Ingenting är fel.",
    "today": "kl. {h}.{m}",
    "day": "{d} {month} kl. {h}.{m}",
    "decimal": ",",
}
TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {Language.SV: _SV, Language.EN: _EN}

_LOST: Final = {
    Loss.DROPPED: "dropped",
    Loss.UNKNOWN_SENSOR: "sensor",
    Loss.UNFIT_KIND: "sensor",
    Loss.FUTURE: "future",
    Loss.TOO_OLD: "old",
    Loss.JOURNAL_DAMAGED: "journal",
}
"""Which remedy each reason has; those that are not here break the contract, and share one."""


_VARIANTS: Final = {(AlertKind.FEW_FREE, AT_MOST), (AlertKind.JOURNAL_RESTORED, NO_BACKUP)}
"""Kinds and reasons that have a sentence of their own."""


class AlertWords:
    """The words of one house in one language, at one moment of its clock."""

    def __init__(self, plan: SitePlan, language: Language, now_ms: int) -> None:
        self._plan, self._language, self._now_ms = plan, language, now_ms
        self._texts = TEXTS[language]
        self._doors = {door.id: door.name for door in plan.doors}

    def fill(self, key: str, **values: object) -> str:
        """A text with its names filled in."""
        return self._texts[key].format(**values)

    def kind(self, kind: AlertKind) -> str:
        """What such alerts are called."""
        return self._texts[f"name.{kind}"]

    def name(self, subject: str) -> str:
        """What an alert is about, by the name that people know."""
        device, _, sensor = subject.partition("/")
        if sensor:
            watched = self._watched(device, sensor)
            return f"{sensor} ({watched})" if watched else sensor
        named = self._plan.space.get(subject) or self._plan.zone.get(subject)
        return named.name if named else self._plan.name if subject == "site" else subject

    def what(self, alert: Alert) -> str:
        """What is wrong, in one sentence; of one that has ended, what was."""
        return self._say(_what(alert), alert)

    def remedy(self, alert: Alert) -> str:
        """What the reader can do."""
        if alert.kind is AlertKind.STUCK:
            return self._say(f"do.stuck.{_stuck(alert)}", alert)
        if alert.kind is AlertKind.LOST_EVENTS:
            return self._say(f"do.lost_events.{_LOST.get(_loss(alert.reason), 'contract')}", alert)
        return self._say(f"do.{alert.kind}", alert)

    def over(self, alert: Alert) -> str:
        """That it has ended."""
        one = ".one" if alert.kind is AlertKind.LOST_EVENTS and alert.value == 1 else ""
        return self._say("over.left" if alert.left else f"over.{alert.kind}{one}", alert)

    def moment(self, at_ms: int) -> str:
        """An instant by the house's clock; of another day with its date."""
        at, now = local(self._plan, at_ms), local(self._plan, self._now_ms)
        month = _MONTHS[self._language][at.month - 1]
        key = "today" if at.date() == now.date() else "day"
        return self.fill(key, d=at.day, month=month, h=f"{at.hour:02}", m=f"{at.minute:02}")

    def number(self, value: float | None) -> str:
        """A number as the language writes it; nothing for None."""
        if value is None:
            return ""
        return f"{value:.0f}" if float(value).is_integer() else f"{value:g}".replace(".", self._texts["decimal"])

    def _say(self, key: str, alert: Alert) -> str:
        sensors = self.fill("sensors.one" if alert.sensors == 1 else "sensors", n=alert.sensors)
        return self.fill(
            key,
            name=self.name(alert.subject),
            device=alert.subject.partition("/")[0],
            since=self.moment(alert.since_ms),
            fired=self.moment(alert.fired_ms),
            ended=self.moment(alert.ended_ms if alert.ended_ms is not None else self._now_ms),
            value=self.number(alert.value),
            limit=self.number(alert.limit),
            sensors=sensors,
        )

    def _watched(self, device: str, sensor: str) -> str:
        known = self._plan.sensor.get((device, sensor))
        if known is None:
            return ""
        if known.space is not None:
            return self._plan.space[known.space].name
        return self._doors[known.door] if known.door is not None else self._plan.zone[known.zone or ""].name


def _what(alert: Alert) -> str:
    key = f"what.{alert.kind}"
    if alert.kind is AlertKind.STUCK:
        return f"{key}.{_stuck(alert)}"
    if alert.kind is AlertKind.BATTERY_LOW and alert.value is None:
        return f"{key}.unknown"
    if alert.kind is AlertKind.FEW_FREE and not alert.value:
        return f"{key}.none"
    if (alert.kind, alert.reason) in _VARIANTS:
        return f"{key}.{alert.reason}"
    if alert.kind in {AlertKind.LOST_EVENTS, AlertKind.FEW_FREE} and alert.value == 1:
        return f"{key}.one"
    return key


def _stuck(alert: Alert) -> str:
    known = (FindingKind.STUCK_ON, FindingKind.STUCK_OFF, FindingKind.NEVER_TRIGGERED)
    return alert.reason if alert.reason in known else FindingKind.STUCK_OFF.value


def _loss(reason: str) -> Loss:
    return Loss(reason) if reason in set(Loss) else Loss.DROPPED
