"""Nothing secret is in git: no Secret with contents is rendered, and nothing that looks like a key or a password."""

import re

import project
import selftest

# What betrays a secret in any text: private keys and tokens by the marks that they carry.
MARKS = [
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a token of GitHub", re.compile(r"\bgh[oprsu]_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{22,}")),
    ("a token of a bot", re.compile(r"\b\d{8,10}:[A-Za-z0-9_-]{35}\b")),
    ("a JSON web token", re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.")),
    ("an account key of Azure", re.compile(r"AccountKey=[A-Za-z0-9+/]{40,}")),
    ("a password in an address", re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@$%{}(]+:[^/\s:@$%{}(]+@")),
]


def check(platform):
    faults = []
    for item in platform.objects:
        if item.kind == "Secret":
            faults += [
                item.fault(field, "a Secret with contents is in git: External Secrets makes Secrets")
                for field in ("data", "stringData")
                if item.data.get(field)
            ]
        for field, text in project.texts(item.data):
            faults += [item.fault(field, f"holds {name}") for name, mark in MARKS if mark.search(text)]
    return faults


SAMPLE = """
apiVersion: v1
kind: Secret
metadata: {name: empty, namespace: shop, annotations: {note: "https://user:$PASSWORD@example.org"}}
"""


def self_test():
    selftest.broken_samples(
        check,
        SAMPLE,
        [
            ("kind: Secret", "data: {a: eA==}\nkind: Secret", "data: a Secret with contents"),
            ("kind: Secret", "stringData: {a: x}\nkind: Secret", "stringData: a Secret with contents"),
            ("user:$PASSWORD@", "user:12345@", "holds a password in an address"),
            ("https:", "-----BEGIN RSA PRIVATE " + "KEY-----", "holds a private key"),
        ],
    )
