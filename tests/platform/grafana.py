"""Grafana's dashboards are sound: dashboards.py judges them."""

import importlib.util

import selftest
from project import Fault

FOLDER = "templates/monitoring/grafana"


def _there(name):
    return importlib.util.find_spec(name) is not None


def check(platform):
    if not _there("dashboards"):
        return []
    import dashboards

    return [
        Fault("", "", str(fault).replace(f"{platform.root}/", ""))
        for fault in dashboards.check_folder(platform.root / FOLDER)
    ]


def note(_):
    return "" if _there("dashboards") else "left out: dashboards.py is not here"


def self_test():
    if _there("dashboards"):
        import dashboards

        if missed := dashboards.self_test():
            raise selftest.SelfTestFailed("dashboards.py: " + "; ".join(map(str, missed)))
