#!/usr/bin/env python3
"""Checks Grafana's dashboards, without Grafana.

    dashboards.py FOLDER      FOLDER has dashboards/*.json and _datasources.yaml; FOLDER.yaml is the template that ships them
    dashboards.py --self-test shows that each check finds what it is for

Ends with 1 and one line for each fault, if there are any. It reads no query language: it sees that brackets match and
that variables exist, and promtool or a parser of LogQL sees the rest.
"""

import json
import pathlib
import re
import sys

# Kinds of panels that come with Grafana. Another would be a plugin, which this Grafana neither has nor downloads.
NUMERIC = {"barchart", "bargauge", "gauge", "heatmap", "histogram", "piechart", "stat", "state-timeline", "status-history",
           "table", "timeseries", "trend", "xychart"}
OTHER = {"alertlist", "dashlist", "logs", "row", "text"}
# Without a query of their own.
SILENT = {"alertlist", "dashlist", "row", "text"}

COLUMNS = 24
# `kubectl apply` keeps a copy of the whole object, as JSON, in an annotation of at most this many bytes. Some of them are
# for the object's other fields.
ANNOTATIONS = 262144 - 4096
OLDEST_SCHEMA = 41

VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))|\[\[(\w+)\]\]")
QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`')
CLOSES = {")": "(", "]": "[", "}": "{"}


def once(pairs):
    """An object of JSON in which no key stands twice."""
    keys = [key for key, _ in pairs]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise ValueError(f"the key {sorted(twice)[0]!r} stands twice")
    return dict(pairs)


def data_sources(text):
    """Kinds of data sources by uid, of the file that Grafana provisions them from."""
    sources = {}
    for item in re.split(r"^- ", text, flags=re.MULTILINE)[1:]:
        fields = dict(re.findall(r"^(?:  )?(name|uid|type): *(\S+)$", item, re.MULTILINE))
        sources[fields["uid"]] = fields["type"]
    return sources


def unbalanced(expression):
    """The first bracket that has no partner, or nothing."""
    waiting = []
    for character in QUOTED.sub("", expression):
        if character in CLOSES.values():
            waiting.append(character)
        elif character in CLOSES and (not waiting or waiting.pop() != CLOSES[character]):
            return character
    return waiting[-1] if waiting else None


def variables(value):
    """Names of the dashboard variables in all texts of a value."""
    if isinstance(value, str):
        names = {name for match in VARIABLE.findall(value) for name in match if name}
        # Grafana's own, and the groups of a regular expression in label_replace().
        return {name for name in names if not name.startswith("__") and not name.isdigit()}
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return {name for child in children for name in variables(child)}


def all_panels(panels):
    """Panels and those inside collapsed rows."""
    for panel in panels:
        yield panel
        yield from all_panels(panel.get("panels", []))


def overlapping(panels):
    """Pairs of panels that lie on each other."""
    placed = [(panel, panel["gridPos"]) for panel in panels]
    for number, (one, a) in enumerate(placed):
        for other, b in placed[number + 1:]:
            if (a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"]
                    and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]):
                yield one, other


def check_source(where, source, sources):
    uid = source.get("uid") if isinstance(source, dict) else source
    if uid not in sources:
        return [f"{where}: no data source has the uid {uid!r}; there are {', '.join(sorted(sources))}"]
    if source.get("type") != sources[uid]:
        return [f"{where}: the data source {uid!r} is of type {sources[uid]!r}, not {source.get('type')!r}"]
    return []


def check_targets(where, panel, sources):
    targets = panel.get("targets", [])
    if not targets:
        yield f"{where}: no query"
    names = [target.get("refId") for target in targets]
    if len(set(names)) != len(names) or not all(names):
        yield f"{where}: each query needs a refId of its own"
    for target in targets:
        query = f"{where}, query {target.get('refId')}"
        expression = target.get("expr", "")
        if not expression.strip():
            yield f"{query}: no expression"
        bracket = unbalanced(expression)
        if bracket:
            yield f"{query}: {bracket!r} has no partner"
        if "datasource" in target:
            yield from check_source(query, target["datasource"], sources)


def check_numbers(where, panel):
    """Units and thresholds of a panel that shows numbers."""
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    if not defaults.get("unit"):
        yield f"{where}: no unit; where there is none, say \"none\""
    steps = defaults.get("thresholds", {}).get("steps", [])
    if steps:
        values = [step.get("value") for step in steps]
        if values[0] is not None:
            yield f"{where}: the first threshold has the value null: it is for everything below the second"
        if None in values[1:] or values[1:] != sorted(set(values[1:])):
            yield f"{where}: thresholds after the first must rise"


def check_panel(where, panel, sources):
    kind = panel.get("type")
    if kind not in NUMERIC | OTHER:
        yield f"{where}: {kind!r} is no panel that comes with Grafana"
        return
    if not panel.get("title", "").strip():
        yield f"{where}: no title"
    position = panel.get("gridPos", {})
    if set(position) != set("xywh") or not all(isinstance(number, int) and number >= 0 for number in position.values()):
        yield f"{where}: gridPos needs x, y, w and h"
    elif not position["w"] or not position["h"] or position["x"] + position["w"] > COLUMNS:
        yield f"{where}: gridPos is outside of the {COLUMNS} columns, or empty"
    if kind == "row":
        return
    if not panel.get("description", "").strip():
        yield f"{where}: no description"
    if kind in NUMERIC:
        yield from check_numbers(where, panel)
    if kind not in SILENT:
        yield from check_source(where, panel.get("datasource", {}), sources)
        yield from check_targets(where, panel, sources)


def check_variables(path, dashboard, sources):
    declared = [variable.get("name") for variable in dashboard.get("templating", {}).get("list", [])]
    if len(set(declared)) != len(declared):
        yield f"{path}: two variables have one name"
    used = variables(dashboard)
    for name in sorted(used - set(declared)):
        yield f"{path}: the variable ${name} is used and not declared"
    for name in sorted(set(declared) - used):
        yield f"{path}: the variable ${name} is declared and not used"
    for variable in dashboard.get("templating", {}).get("list", []):
        where = f"{path}: variable {variable.get('name')}"
        if not variable.get("description", "").strip():
            yield f"{where}: no description"
        if variable.get("type") == "query":
            yield from check_source(where, variable.get("datasource", {}), sources)


def check_dashboard(path, dashboard, sources):
    """Faults of one dashboard."""
    name = pathlib.PurePath(path).stem
    if dashboard.get("uid") != name:
        yield f"{path}: the uid is {dashboard.get('uid')!r}; it is the file's name, so that addresses stay the same"
    if not re.fullmatch(r"[a-z0-9-]{1,40}", str(dashboard.get("uid"))):
        yield f"{path}: a uid is at most 40 small letters, digits and dashes"
    if "id" in dashboard:
        yield f"{path}: `id` is the number in one Grafana's database; leave it out"
    if not dashboard.get("title", "").strip():
        yield f"{path}: no title"
    if "patient" not in dashboard.get("description", ""):
        yield f"{path}: the description does not say that there is no patient's data here"
    if not isinstance(dashboard.get("schemaVersion"), int) or dashboard["schemaVersion"] < OLDEST_SCHEMA:
        yield f"{path}: schemaVersion is older than {OLDEST_SCHEMA}, which Grafana 12 writes"
    if dashboard.get("editable") is not False:
        yield f"{path}: `editable` is not false, and what somebody changes in the browser cannot be saved"
    if re.search(r"https?://", json.dumps(dashboard)):
        yield f"{path}: an address of another host: dashboards show what is here"
    panels = list(all_panels(dashboard.get("panels", [])))
    if not panels:
        yield f"{path}: no panels"
    numbers = [panel.get("id") for panel in panels]
    for number in sorted({str(number) for number in numbers if numbers.count(number) > 1 or not isinstance(number, int)}):
        yield f"{path}: the panel id {number} stands twice, or is no number"
    faults = []
    for panel in panels:
        faults += check_panel(f"{path}: panel {panel.get('id')} {panel.get('title')!r}", panel, sources)
    yield from faults
    if not any("gridPos" in fault for fault in faults):
        for one, other in overlapping(panels):
            yield f"{path}: the panels {one['id']} {one['title']!r} and {other['id']} {other['title']!r} overlap"
    yield from check_variables(path, dashboard, sources)


def check_folder(folder):
    """Faults of all dashboards of a folder."""
    sources = data_sources((folder / "_datasources.yaml").read_text())
    template = folder.with_suffix(".yaml")
    shipped = template.read_text() if template.exists() else None
    files = sorted((folder / "dashboards").glob("*.json"))
    if not files:
        return [f"{folder}/dashboards: no dashboards"]
    faults, titles = [], {}
    for file in files:
        text = file.read_text()
        try:
            dashboard = json.loads(text, object_pairs_hook=once)
        except ValueError as error:
            faults.append(f"{file}: {error}")
            continue
        faults += check_dashboard(str(file), dashboard, sources)
        if len(json.dumps(text)) > ANNOTATIONS:
            faults.append(f"{file}: too large to be applied in one ConfigMap")
        if shipped is not None and f'"{file.stem}"' not in shipped:
            faults.append(f"{file}: {template} does not ship it")
        if dashboard.get("title") in titles:
            faults.append(f"{file}: {titles[dashboard['title']]} has the same title")
        titles[dashboard.get("title")] = file
    return faults


def self_test():
    """Breaks a good dashboard in one place after the other."""
    sources = data_sources("datasources:\n- name: P\n  uid: p\n  type: prometheus\n- name: L\n  uid: l\n  type: loki\n")
    good = """{"uid": "a", "title": "A", "description": "no patient data", "schemaVersion": 42, "editable": false,
      "templating": {"list": [{"name": "v", "description": "d", "type": "query", "datasource": {"type": "loki", "uid": "l"}}]},
      "panels": [{"id": 1, "type": "row", "title": "R", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1}, "panels": []},
        {"id": 2, "type": "stat", "title": "S", "description": "d", "gridPos": {"x": 0, "y": 1, "w": 12, "h": 4},
         "datasource": {"type": "prometheus", "uid": "p"}, "targets": [{"refId": "A", "expr": "rate(up{a=~\\"$v\\"}[$__range])"}],
         "fieldConfig": {"defaults": {"unit": "s", "thresholds": {"steps": [{"value": null}, {"value": 1}]}}}},
        {"id": 3, "type": "text", "title": "T", "description": "d", "gridPos": {"x": 12, "y": 1, "w": 12, "h": 4}}]}"""
    breaks = [
        ('"uid": "a"', '"uid": "b"', "it is the file's name"),
        ("patient", "person", "no patient's data"),
        ("42", "16", "schemaVersion"),
        ('"editable": false', '"editable": true', "editable"),
        ('"editable": false', '"editable": false, "id": 7', "leave it out"),
        ('"id": 3', '"id": 2', "the panel id 2 stands twice"),
        ('"title": "S", "description": "d"', '"title": "S"', "no description"),
        ('"title": "S"', '"title": ""', "no title"),
        ('"stat"', '"flowchart"', "no panel that comes with Grafana"),
        ('"x": 12', '"x": 11', "overlap"),
        ('"x": 12', '"x": 13', "outside of the 24 columns"),
        ('"unit": "s", ', "", "no unit"),
        ('{"value": null}', '{"value": 0}', "the first threshold"),
        ('{"value": 1}', '{"value": 2}, {"value": 1}', "must rise"),
        ('"uid": "p"', '"uid": "q"', "no data source"),
        ('"prometheus", "uid": "p"', '"loki", "uid": "p"', "is of type"),
        ('"refId": "A"', '"refId": ""', "refId"),
        ("$__range])", "$__range]", "'(' has no partner"),
        ("rate(up", "rate((up", "'(' has no partner"),
        ("$v", "$w", "used and not declared"),
        ("$v", "v", "declared and not used"),
        ('"description": "d", "type": "query"', '"type": "query"', "variable v: no description"),
        ('"title": "T"', '"title": "https://example.org"', "another host"),
    ]
    missed = [f"a good dashboard: {fault}" for fault in check_dashboard("a.json", json.loads(good), sources)]
    for old, new, expected in breaks:
        assert old in good, old
        faults = list(check_dashboard("a.json", json.loads(good.replace(old, new, 1)), sources))
        if not any(expected in fault for fault in faults):
            missed.append(f"{new!r} for {old!r} was not found: {faults}")
    try:
        json.loads('{"a": 1, "a": 2}', object_pairs_hook=once)
        missed.append("a key that stands twice was not found")
    except ValueError:
        pass
    return missed


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    if arguments == ["--self-test"]:
        faults = self_test()
    else:
        faults = check_folder(pathlib.Path(arguments[0]))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
