# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the scripts of this folder share: TAP, the program oci-json, the schema, pointers."""
import copy
import json
import os
import re
import subprocess
import sys

OCI_JSON = os.environ["OCI_JSON"]
CONFIGS = os.environ["DAVIT_CONFIGS"]
SCHEMA = os.path.join(os.environ["DAVIT_SHARED"], "runtime-spec", "schema")
OTHER_PLATFORMS = ("solaris", "windows", "zos", "freebsd", "vm")


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = False

    def ok(self, good, name, *details):
        self.count += 1
        self.failed |= not good
        print("%s %d - %s" % ("ok" if good else "not ok", self.count, name))
        if not good:
            for detail in details:
                print("# " + str(detail)[:400].replace("\n", "\n# "))

    def done(self):
        print("1..%d" % self.count)
        sys.exit(self.failed)


def skip_all(reason):
    print("1..0 # SKIP " + reason)
    sys.exit(0)


def run(command, argument, stdin=None):
    """Exit status and output. A crash is a bug in any case."""
    p = subprocess.run([OCI_JSON, command, argument], input=stdin, capture_output=True)
    if p.returncode not in (0, 1):
        raise SystemExit("oci-json %s: status %d\n%s" % (command, p.returncode, p.stderr.decode()))
    return p.returncode, p.stdout.decode()


def check_documents(documents):
    """For each document (text): the list of (kind, pointer, message), empty when it is good."""
    text = "\n".join(documents).encode()
    result = []
    for line in run("lines", "-", text)[1].splitlines():
        if line.startswith("= "):
            result.append([])
        elif line != "ok":
            kind, pointer, _, message = line.split("\t")
            result[-1].append((kind, pointer, message))
    assert len(result) == len(documents)
    return result


def without_nulls(value):
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [without_nulls(v) for v in value]
    return value


def configs():
    return sorted(os.path.join(CONFIGS, f) for f in os.listdir(CONFIGS) if f.endswith(".json"))


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


class Schema:
    """A file of the schema with its references resolved."""

    def __init__(self, name):
        self.files = {}
        self.top = self.resolve({"$ref": name + "#"}, None)

    def resolve(self, node, file):
        node = dict(node)
        while "$ref" in node:
            target, path = node.pop("$ref").split("#")
            file = target or file
            if file not in self.files:
                self.files[file] = load(os.path.join(SCHEMA, file))
            found = self.files[file]
            for part in path.strip("/").split("/"):
                found = found[part] if part else found
            node = {**node, **found}
        for part in node.pop("allOf", []) + node.pop("anyOf", []):
            part = self.resolve(part, file)
            for key in ("properties", "required"):
                old = node.get(key, type(part.get(key, {}))())
                part[key] = {**old, **part.get(key, {})} if key == "properties" else \
                    list(old or []) + list(part.get(key) or [])
            node.update(part)
        node["file"] = node.get("file", file)
        return node

    def properties(self, node):
        return {k: self.resolve(v, node["file"]) for k, v in node.get("properties", {}).items()}

    def items(self, node):
        return self.resolve(node["items"], node["file"])

    def values(self, node):
        """The schema of a map's values; None: not a map."""
        for key in ("additionalProperties", "patternProperties"):
            if isinstance(node.get(key), dict):
                value = node[key]
                if key == "patternProperties":
                    value = next(iter(value.values()))
                return self.resolve(value, node["file"])
        return None


PYTHON = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}


def faults(schema, node, value, pointer=""):
    """What a schema of ours has to say about a value, as "POINTER: what"."""
    wanted = node.get("type", "object" if "properties" in node else None)
    if wanted and (type(value) is not PYTHON[wanted]):
        yield "%s: not %s" % (pointer, wanted)
        return
    if "enum" in node and value not in node["enum"]:
        yield "%s: %r is none of the words" % (pointer, value)
    if "pattern" in node and not re.search(node["pattern"], value):
        yield "%s: %r has not the form %s" % (pointer, value, node["pattern"])
    if isinstance(value, dict):
        known, others = schema.properties(node), schema.values(node)
        for name in set(node.get("required") or []) - set(value):
            yield "%s: no %s" % (pointer, name)
        for name, child in value.items():
            part = known.get(name, others)
            if part is None:
                yield "%s/%s: unknown" % (pointer, escape(name))
            else:
                yield from faults(schema, part, child, pointer + "/" + escape(name))
    if isinstance(value, list):
        if node.get("uniqueItems") and len({json.dumps(v) for v in value}) < len(value):
            yield "%s: an item twice" % pointer
        for i, child in enumerate(value):
            yield from faults(schema, schema.items(node), child, "%s/%d" % (pointer, i))


INTEGERS = {(0, 2**16 - 1): "uint16", (-2**31, 2**31 - 1): "int32", (0, 2**32 - 1): "uint32",
            (-2**63, 2**63 - 1): "int64", (0, 2**64 - 1): "uint64"}


def type_of(schema, node):
    if node.get("type") == "integer":
        return INTEGERS.get((node.get("minimum"), node.get("maximum")), "integer")
    if node.get("type") == "object" and "properties" not in node and schema.values(node):
        return "map"
    return node.get("type", "object")


def walk(schema, node, above=""):
    """Yields (pointer, type, node) as `oci-json properties` does, for Linux."""
    for name, child in schema.properties(node).items():
        if above == "" and name in OTHER_PLATFORMS:
            continue
        yield from walk_value(schema, child, above + "/" + name)


def walk_value(schema, node, pointer):
    kind = type_of(schema, node)
    yield pointer, kind, node
    if kind == "object":
        yield from walk(schema, node, pointer)
    elif kind == "array":
        yield from walk_value(schema, schema.items(node), pointer + "/[]")
    elif kind == "map":
        yield from walk_value(schema, schema.values(node), pointer + "/{}")


def escape(key):
    return str(key).replace("~", "~0").replace("/", "~1")


def places(value, above=()):
    """All (path, value) below the value."""
    pairs = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, child in pairs:
        yield above + (key,), child
        yield from places(child, above + (key,))


def pointer_of(path):
    return "".join("/" + escape(key) for key in path)


def replaced(document, path, value):
    document = copy.deepcopy(document)
    at = document
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return document


def removed(document, path):
    document = copy.deepcopy(document)
    at = document
    for key in path[:-1]:
        at = at[key]
    del at[path[-1]]
    return document
