"""Grafana's dashboards are sound: dashboards.py judges them."""

import dashboards
import selftest
from project import Fault

FOLDER = "templates/monitoring/grafana"


def check(platform):
    faults = dashboards.check_folder(platform.root / FOLDER)
    return [Fault("", "", str(fault).replace(f"{platform.root}/", "")) for fault in faults]


def self_test():
    if missed := dashboards.self_test():
        raise selftest.SelfTestFailed("; ".join(missed))
