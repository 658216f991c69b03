#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The engines' own config.json files, and variants of what engines write: decoded, encoded again,
the same JSON (null members apart), no check complains, no key is unknown."""
import json
import os
import tempfile

import spec

tap = spec.Tap()


def hook(*args):
    return {"path": "/usr/bin/nvidia-container-runtime-hook", "args": list(args),
            "env": ["LANG=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"]}


def variants(base):
    linux = base["linux"]
    yield "null hooks", {**base, "hooks": None}
    yield "null annotations", {**base, "annotations": None}
    yield "null everywhere", {**base, "hooks": {"prestart": None, "poststop": []},
                              "linux": {**linux, "sysctl": None, "devices": None,
                                        "resources": {**linux["resources"], "memory": None}}}
    yield "annotations with newlines", {**base, "annotations": {
        "kubectl.kubernetes.io/last-applied-configuration": "{\"a\":\n\"b\\\"\t\u0001\u00e4\"}\n"}}
    yield "an annotation of 256 KiB", {**base, "annotations": {"a": "x\\\"\n" * 65536}}
    yield "hooks of a GPU toolkit", {**base, "hooks": {
        "prestart": [hook("nvidia-container-runtime-hook", "prestart")],
        "createContainer": [hook("nvidia-ctk", "hook", "create-symlinks", "--link", "a::b"),
                            hook("nvidia-ctk", "hook", "update-ldcache", "--folder", "/lib")]}}
    yield "a bind of /proc", {**base, "mounts": base["mounts"] + [
        {"destination": "/proc", "type": "bind", "source": "/proc",
         "options": ["rbind", "nosuid", "noexec", "nodev"]}]}
    yield "a path for systemd", {**base, "linux": {
        **linux, "cgroupsPath": "user.slice:libpod:0123456789abcdef"}}
    yield "limits of integers", {**base, "linux": {**linux, "resources": {
        "memory": {"limit": 2**63 - 1, "reservation": -2**63, "swappiness": 2**64 - 1}}}}
    yield "empty apart from absent", {**base, "hooks": {}, "annotations": {},
                                      "linux": {**linux, "sysctl": {}, "maskedPaths": [],
                                                "resources": {"cpu": {}, "unified": {}}}}


def wanted(document):
    document = spec.without_nulls(document)
    if "process" in document:
        # uid and gid are members that are always there.
        document["process"]["user"] = {"uid": 0, "gid": 0, **document["process"].get("user", {})}
    return document


def test(name, path, document):
    for command in ("decode-encode", "decode-encode-pretty"):
        status, text = spec.run(command, path)
        tap.ok(status == 0 and json.loads(text) == wanted(document), "%s: %s" % (name, command),
               text)
    status, text = spec.run("check", path)
    tap.ok(status == 0, name + ": check", text)
    tap.ok(spec.run("unknown", path)[1] == "", name + ": no key is unknown")


for config in spec.configs():
    test(os.path.basename(config), config, spec.load(config))
with tempfile.TemporaryDirectory() as folder:
    for title, changed in variants(spec.load(spec.configs()[0])):
        target = os.path.join(folder, "config.json")
        for ascii_only in (True, False):
            with open(target, "w", encoding="utf-8") as f:
                json.dump(changed, f, ensure_ascii=ascii_only)
            test(title + (", escaped" if ascii_only else ""), target, changed)
tap.done()
