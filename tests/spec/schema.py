#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tables against the upstream schema, both ways; the schema's own good and bad files; and, made
from the schema, a wrong type, a number out of range, an unknown word and a missing member at each
place where there can be one."""
import json
import os

import spec

# Known to the tables only: what the schema forgot, and what other runtimes added.
ONLY_TABLES = {
    "config": set(),
    "state": {"/rootfs", "/created", "/owner", "/systemd-scope"},
    "features": {"/linux/intelRdt/schemata", "/linux/intelRdt/monitoring", "/linux/memoryPolicy",
                 "/linux/memoryPolicy/modes", "/linux/memoryPolicy/modes/[]",
                 "/linux/memoryPolicy/flags", "/linux/memoryPolicy/flags/[]"},
}
# The schema has no bounds there, or narrower ones than engines keep to (a file mode with its type).
WIDTHS = {"/process/oomScoreAdj": "int64", "/linux/devices/[]/fileMode": "uint32", "/pid": "int64"}
WIDTHS.update({"/hooks/%s/[]/timeout" % h: "int64" for h in
               ("prestart", "createRuntime", "createContainer", "startContainer", "poststart",
                "poststop")})
# Engines write {} for "no limit"; a consoleSize is to be ignored without a terminal.
NOT_REQUIRED = {"/linux/resources/pids/limit", "/process/consoleSize/height", "/process/consoleSize/width"}
# Required by the text of the specification, not by the schema.
ALSO_REQUIRED = {"/linux/memoryPolicy/mode", "/linux/personality/domain"}
SAMPLES = {"/ociVersion": "1.2.1", "/process/rlimits/[]/type": "RLIMIT_NOFILE",
           "/linux/devices/[]/type": "c", "/linux/resources/devices/[]/type": "a"}
# Any string will do: the words are somebody else's to judge.
WRONG = {"string": "x", "number": 1, "boolean": True, "object": {}, "array": []}
FITS = {"string": "string", "boolean": "boolean", "object": "object", "map": "object",
        "array": "array"}
LIMITS = {"uint16": (0, 2**16 - 1), "int32": (-2**31, 2**31 - 1), "uint32": (0, 2**32 - 1),
          "int64": (-2**63, 2**63 - 1), "uint64": (0, 2**64 - 1)}

if not os.path.isdir(spec.SCHEMA):
    spec.skip_all("no schema of the runtime specification in DAVIT_SHARED")
tap = spec.Tap()


def table_of(document):
    return dict(line.split("\t") for line in spec.run("properties", document)[1].splitlines())


def compare(document, schema):
    table = table_of(document)
    known = {p: spec_type for p, spec_type, _ in spec.walk(schema, schema.top)}
    missing = sorted(set(known) - set(table))
    tap.ok(not missing, document + ": the tables know each property of the schema", missing)
    extra = sorted(set(table) - set(known) - ONLY_TABLES[document])
    tap.ok(not extra, document + ": the schema knows each property of the tables", extra)
    other = ["%s: %s, not %s" % (p, table[p], WIDTHS.get(p, t)) for p, t in known.items()
             if p in table and table[p] != WIDTHS.get(p, t)]
    tap.ok(not other, document + ": the types are the same", "\n".join(other))


def sample(schema, node, pointer):
    """A document with every property; lists and maps have one item."""
    kind = spec.type_of(schema, node)
    if kind == "object":
        return {k: sample(schema, v, pointer + "/" + k)
                for k, v in schema.properties(node).items()
                if pointer or k not in spec.OTHER_PLATFORMS}
    if kind == "array":
        return [sample(schema, schema.items(node), pointer + "/[]")]
    if kind == "map":
        return {"a/b~": sample(schema, schema.values(node), pointer + "/{}")}
    if kind == "string":
        return SAMPLES.get(pointer, node.get("enum", ["/x"])[0])
    return True if kind == "boolean" else 1


def general(path):
    return "".join("/[]" if isinstance(k, int) else "/{}" if k == "a/b~" else "/" + k
                   for k in path)


def cases(schema, full, types):
    """(what, document, pointer); pointer None: to be accepted by the decoder."""
    words = {p: n["enum"] for p, _, n in spec.walk(schema, schema.top) if "enum" in n}
    for path, _ in spec.places(full):
        where, pointer = general(path), spec.pointer_of(path)
        kind = types[where]
        for name, value in WRONG.items():
            if name != FITS.get(kind, "number"):
                yield name + " at " + where, spec.replaced(full, path, value), pointer
        if kind in LIMITS:
            least, most = LIMITS[kind]
            for value in (least - 1, most + 1, 1.5, 1e300):
                yield "%s at %s" % (value, where), spec.replaced(full, path, value), pointer
            for value in (least, most, 0):
                yield "%s at %s" % (value, where), spec.replaced(full, path, value), None
        for word in words.get(where, []):
            yield word + " at " + where, spec.replaced(full, path, word), None
        if where in words:
            yield "word at " + where, spec.replaced(full, path, words[where][0].lower() + "_"), \
                pointer
        if not isinstance(path[-1], int) and where[-2:] != "{}":
            yield "null at " + where, spec.replaced(full, path, None), \
                pointer if where in required(schema) else None
            yield "nothing at " + where, spec.removed(full, path), \
                pointer if where in required(schema) else None
        else:
            yield "null at " + where, spec.replaced(full, path, None), pointer


def required(schema, cache={}):
    if not cache:
        found = set(schema.top.get("required", []))
        cache["all"] = {"/" + name for name in found} | ALSO_REQUIRED
        for pointer, _, node in spec.walk(schema, schema.top):
            cache["all"] |= {pointer + "/" + name for name in node.get("required") or []}
        cache["all"] -= NOT_REQUIRED
    return cache["all"]


def refusals(schema):
    full = sample(schema, schema.top, "")
    table = list(cases(schema, full, table_of("config")))
    results = spec.check_documents([json.dumps(d) for _, d, _ in table])
    refused = accepted = 0
    wrong = []
    for (what, _, pointer), found in zip(table, results):
        # A check may have something to say about what the decoder accepts: that is not a decoder's
        # message, which has the place in front.
        found = [f for f in found if f[2].startswith("line:")]
        if pointer is None:
            accepted += 1
            if found:
                wrong.append("%s: refused: %s" % (what, found))
        else:
            refused += 1
            if [(f[0], f[1]) for f in found] != [("config", pointer)]:
                wrong.append("%s: wanted %s, found %s" % (what, pointer, found))
    tap.ok(refused > 400 and not wrong, "%d wrong values are refused at their pointer, %d right "
           "ones are not" % (refused, accepted), "\n".join(wrong[:20]))


def upstream(document, command):
    folder = os.path.join(spec.SCHEMA, "test", document)
    for verdict in ("good", "bad"):
        for name in sorted(os.listdir(os.path.join(folder, verdict))):
            if name.startswith(("freebsd", "zos", "windows", "solaris", "vm")):
                continue
            path = os.path.join(folder, verdict, name)
            if verdict == "good":
                status, text = spec.run(command, path)
                tap.ok(status == 0, "%s: %s is decoded" % (document, name), text)
            else:
                status, text = spec.run("check" if document == "config" else command, path)
                tap.ok(status == 1, "%s: %s is refused" % (document, name), text)


config = spec.Schema("config-schema.json")
compare("config", config)
compare("state", spec.Schema("state-schema.json"))
compare("features", spec.Schema("features-schema.json"))
refusals(config)
upstream("config", "decode-encode")
upstream("state", "state")
upstream("features", "features")
tap.done()
