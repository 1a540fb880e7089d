"""Prometheus finds what it is to scrape, and may; promtool, where it is at hand, reads its settings and rules and runs
the alerts' tests."""

import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import tempfile

import rights
import selftest
import wiring
import yaml
from project import Fault, read_yaml

# Where Prometheus runs: the namespace and the ServiceAccount.
PROMETHEUS = ("monitoring", "prometheus")
TESTS = "tests/platform/*.test.yaml"


def check(platform):
    faults = []
    for environment in platform.environments:
        for item, key, text in settings(environment):
            faults += [item.fault(f'data["{key}"]', message) for message in _jobs(read_yaml(text)[0], environment)]
            if shutil.which("promtool"):
                faults += _promtool(item, key, text, environment)
    if shutil.which("promtool"):
        faults += _tests(platform)
    return faults


def note(platform):
    jobs = sum(
        len(read_yaml(text)[0].get("scrape_configs") or [])
        for environment in platform.environments
        for _, _, text in settings(environment)
    )
    return f"{jobs} jobs" + ("" if shutil.which("promtool") else "; left out: promtool is not here")


def settings(environment):
    """Prometheus' own settings: (ConfigMap, key, text)."""
    for item in environment.of("ConfigMap"):
        for key, text in (item.data.get("data") or {}).items():
            if key in ("prometheus.yml", "prometheus.yaml"):
                yield item, key, text


def _jobs(config, environment):
    """Each job that looks for pods finds some, and may look for them."""
    accounts = rights.bound(environment)
    for job in config.get("scrape_configs") or []:
        for discovery in job.get("kubernetes_sd_configs") or []:
            if discovery["role"] != "pod":
                continue
            for namespace in (discovery.get("namespaces") or {}).get("names") or [""]:
                if not namespace:
                    yield f"job {job['job_name']}: looks for pods everywhere"
                elif not _may_look(environment, namespace):
                    yield f"job {job['job_name']}: Prometheus has no rights to find the pods of {namespace}"
            if not any(_kept(job, labels) for labels in _targets(discovery, environment)):
                yield f"job {job['job_name']}: no pod has the labels and the port that it keeps"
    if PROMETHEUS not in accounts:
        yield "Prometheus has no rights at all"


def _may_look(environment, namespace):
    return any(
        item.namespace == namespace
        and any(
            (subject.get("namespace"), subject["name"]) == PROMETHEUS for subject in item.data.get("subjects") or []
        )
        for item in environment.of("RoleBinding")
    )


def _targets(discovery, environment):
    """The labels that Prometheus would see for every port of every pod."""
    names = (discovery.get("namespaces") or {}).get("names") or []
    for pods in environment.pods:
        if pods.namespace in names:
            for name, number, protocol in pods.ports():
                yield _labels(pods.namespace, pods.labels) | {
                    "__meta_kubernetes_pod_container_port_name": name,
                    "__meta_kubernetes_pod_container_port_number": str(number),
                    "__meta_kubernetes_pod_container_port_protocol": protocol,
                }
    for namespace in names:
        for labels in wiring.OUTSIDE_PODS.get(namespace, []):
            # Their ports are not known here.
            yield _labels(namespace, labels) | {"__meta_kubernetes_pod_container_port_number": None}


def _labels(namespace, labels):
    return {"__meta_kubernetes_namespace": namespace} | {
        f"__meta_kubernetes_pod_label_{re.sub(r'[^A-Za-z0-9_]', '_', key)}": value for key, value in labels.items()
    }


def _kept(job, labels):
    for rule in job.get("relabel_configs") or []:
        if rule.get("action") != "keep" or not all(_static(label) for label in rule["source_labels"]):
            continue
        values = [labels.get(label, "") for label in rule["source_labels"]]
        separator = rule.get("separator", ";")
        pattern = rule["regex"]
        if None in values:
            # Compared as far as it is known.
            known = values[: values.index(None)]
            if not re.match(separator.join(map(re.escape, known)) + separator, pattern):
                return False
        elif not re.fullmatch(pattern, separator.join(values)):
            return False
    return True


def _static(label):
    """Whether a label is known before pods run."""
    return label.startswith(("__meta_kubernetes_pod_label_", "__meta_kubernetes_pod_container_port_")) or (
        label == "__meta_kubernetes_namespace"
    )


def _promtool(item, key, text, environment):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "rules").mkdir()
        for other in environment.of("ConfigMap"):
            for file, content in (other.data.get("data") or {}).items():
                if other.namespace == item.namespace and file.endswith(".rules"):
                    (folder / "rules" / file).write_text(content, encoding="utf-8")
        (folder / key).write_text(yaml.safe_dump(_without_discovery(read_yaml(text)[0])), encoding="utf-8")
        for command in (
            ["config", "--syntax-only", key],
            ["rules", *sorted(f"rules/{path.name}" for path in (folder / "rules").iterdir())],
        ):
            if message := _run(["check", *command], folder):
                yield item.fault(f'data["{key}"]' if command[0] == "config" else "", message)


def _without_discovery(config):
    """Debian's promtool is built without discovery in Kubernetes."""
    for job in config.get("scrape_configs") or []:
        if job.pop("kubernetes_sd_configs", None):
            job["static_configs"] = [{"targets": ["localhost:1"]}]
    return config


def _tests(platform):
    """The tests of alerts; each file takes seconds, so they run beside each other."""
    files = sorted(platform.root.glob(TESTS))
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        results = pool.map(lambda path: _run(["test", "rules", path.name], path.parent), files)
        for path, message in zip(files, results):
            if message:
                yield Fault(path.relative_to(platform.root).as_posix(), "", message)


def _run(arguments, folder):
    run = subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return f"promtool {arguments[0]} {arguments[1]}: {run.stdout}{run.stderr}".strip() if run.returncode else ""


SAMPLE = """
apiVersion: v1
kind: ConfigMap
metadata: {name: prometheus, namespace: monitoring}
data:
  prometheus.yml: |
    scrape_configs:
    - job_name: web
      kubernetes_sd_configs: [{role: pod, namespaces: {names: [shop]}}]
      relabel_configs:
      - {source_labels: [__meta_kubernetes_pod_label_app_kubernetes_io_name, __meta_kubernetes_pod_container_port_number], regex: web;8080, action: keep}
    - job_name: nginx
      kubernetes_sd_configs: [{role: pod, namespaces: {names: [app-routing-system]}}]
      relabel_configs:
      - {source_labels: [__meta_kubernetes_pod_label_app, __meta_kubernetes_pod_container_port_number], regex: nginx;10254, action: keep}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app.kubernetes.io/name: web}}, spec: {containers: [{ports: [{containerPort: 8080}]}]}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: discovery, namespace: shop}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: monitoring}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: discovery, namespace: app-routing-system}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: monitoring}]
"""


def self_test():
    def found(platform):
        return [
            Fault("", "", message)
            for environment in platform.environments
            for _, _, text in settings(environment)
            for message in _jobs(read_yaml(text)[0], environment)
        ]

    selftest.broken_samples(
        found,
        SAMPLE,
        [
            ("regex: web;8080", "regex: web;8081", "job web: no pod has the labels and the port"),
            ("regex: web;8080", "regex: wob;8080", "job web: no pod has the labels and the port"),
            ("regex: nginx;10254", "regex: engine;10254", "job nginx: no pod has the labels and the port"),
            ("containerPort: 8080", "containerPort: 80", "job web: no pod has the labels and the port"),
            (", namespaces: {names: [shop]}", "", "job web: looks for pods everywhere"),
            (
                "name: discovery, namespace: shop",
                "name: discovery, namespace: shap",
                "no rights to find the pods of shop",
            ),
        ],
    )
    if shutil.which("promtool"):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "a.rules").write_text(
                "groups: [{name: a, rules: [{alert: A, expr: 'rate(up'}]}]", encoding="utf-8"
            )
            if not _run(["check", "rules", "a.rules"], folder):
                raise selftest.SelfTestFailed("promtool takes a rule that is none")
