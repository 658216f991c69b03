#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`davit features` against the features schema: valid, and nothing in it that the specification does
not define, or defines only in a version after ociVersionMax (L40). DAVIT names the command."""
import json
import os
import subprocess

import spec

# In features-linux.md of 1.3.0; the schema forgot them.
NOT_IN_SCHEMA = {"/linux/intelRdt/schemata", "/linux/intelRdt/monitoring", "/linux/memoryPolicy"}
# The first version that has it, where that is not 1.1.0, the first with a features document.
SINCE = {"/potentiallyUnsafeConfigAnnotations": (1, 2), "/linux/mountExtensions": (1, 2),
         "/linux/intelRdt/schemata": (1, 3), "/linux/intelRdt/monitoring": (1, 3),
         "/linux/memoryPolicy": (1, 3), "/linux/netDevices": (1, 3)}

if not os.path.isdir(spec.SCHEMA):
    spec.skip_all("no schema of the runtime specification in DAVIT_SHARED")
tap = spec.Tap()
text = subprocess.run([os.environ["DAVIT"], "features"], stdin=subprocess.DEVNULL,
                      capture_output=True, check=True)
tap.ok(not text.stderr, "nothing on stderr", text.stderr)
document = json.loads(text.stdout)
schema = spec.Schema("features-schema.json")
found = [f for f in spec.faults(schema, schema.top, document)
         if f.partition(":")[0] not in NOT_IN_SCHEMA]
tap.ok(not found, "the document is valid, and has no unknown member", "\n".join(found))
here = {spec.pointer_of(path): value for path, value in spec.places(document)}
most = tuple(int(n) for n in document["ociVersionMax"].split(".")[:2])
newer = [p for p, since in SINCE.items() if p in here and since > most]
tap.ok(not newer, "nothing is newer than ociVersionMax", newer)
tap.ok(None not in here.values(), "null would mean: not known")
twice = [p for p, v in here.items() if isinstance(v, list) and len(set(v)) < len(v)]
tap.ok(not twice, "no list has an item twice", twice)
wrong = subprocess.run([spec.OCI_JSON, "features", "-"], input=text.stdout, capture_output=True)
tap.ok(wrong.returncode == 0, "our own tables decode it", wrong.stdout)
tap.done()
