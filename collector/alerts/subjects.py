"""What alerts of a site can be about: devices, sensors, zones, supplies, destinations, the site.

In:    the plan, the settings.
Out:   sets of subjects.
Never: states, clocks.
"""

from collector.configuration.alert_settings import AlertSettings
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import SpaceKind


def list_monitored_sensors(plan: SitePlan) -> list[Sensor]:
    """Return the sensors whose silence matters: all except those of disabled spaces."""
    return [sensor for sensor in plan.sensors if sensor.space is None or not plan.space_by_id[sensor.space].disabled]


def list_monitored_supplies(plan: SitePlan) -> list[str]:
    """Return the supplies whose level is monitored."""
    return [space.id for space in plan.spaces if space.kind is SpaceKind.SUPPLY and not space.disabled]


def find_sources(plan: SitePlan, _settings: AlertSettings) -> frozenset[str]:
    """Return the devices and sensors whose silence matters."""
    used = list_monitored_sensors(plan)
    return frozenset(name for sensor in used for name in (sensor.device, f"{sensor.device}/{sensor.id}"))


def find_devices_and_site(plan: SitePlan, _settings: AlertSettings) -> frozenset[str]:
    """Return all devices and sensors, and the site."""
    return frozenset({*plan.device_ids, WHOLE_SITE, *(f"{one.device}/{one.id}" for one in plan.sensors)})


def find_destinations(_plan: SitePlan, settings: AlertSettings) -> frozenset[str]:
    """Return the names of the destinations."""
    return frozenset(one.name for one in settings.destinations)


def find_zones_with_air(plan: SitePlan, _settings: AlertSettings) -> frozenset[str]:
    """Return the zones whose air is measured."""
    return frozenset(sensor.zone for sensor in plan.sensors if sensor.zone is not None)


def find_supplies(plan: SitePlan, _settings: AlertSettings) -> frozenset[str]:
    """Return the supplies whose level is monitored."""
    return frozenset(list_monitored_supplies(plan))


def find_counted_site(plan: SitePlan, _settings: AlertSettings) -> frozenset[str]:
    """Return the site if its people are counted."""
    return frozenset({WHOLE_SITE} if plan.doors else ())


def find_site_with_desk_limit(_plan: SitePlan, settings: AlertSettings) -> frozenset[str]:
    """Return the site if a number of free desks is too few."""
    return frozenset({WHOLE_SITE} if settings.free_desks_below > 0 else ())
