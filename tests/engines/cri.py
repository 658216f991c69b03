#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client of Kubernetes' interface to container engines (CRI), as small as the suite wants it.

    cri.py SOCKET version | status
    cri.py SOCKET runp NAME HANDLER [OPTION...]        prints the pod's id
    cri.py SOCKET create POD NAME IMAGE [OPTION...] -- COMMAND...    prints the container's id
    cri.py SOCKET start|stop|rm|stop-pod|rmp|state|stats|podstate ID
    cri.py SOCKET exec ID COMMAND...                   its output; its exit status
    cri.py SOCKET one HANDLER OPTIONS COMMAND         a pod with a container that runs COMMAND by sh; its id
    cri.py SOCKET one-exec HANDLER OPTIONS COMMAND    the same with a sleep, and COMMAND by exec
    cri.py SOCKET clear                               removes all pods
    cri.py SOCKET stream ID tty|pipes COMMAND...       exec by the streaming server, with standard input; its status
    cri.py SOCKET attach ID tty|pipes                  to the container's first process, with standard input
    cri.py SOCKET forward POD PORT                     standard input to that port, and what comes back
    cri.py SOCKET update ID BYTES                      another limit for huge pages
    cri.py SOCKET reopen ID | pods | ps

OPTION: host-pid, pod-pid, host-net, userns, privileged, readonly, tty, stdin, uid=N, user=NAME, cap-drop, cwd=PATH,
mount=HOST:CONTAINER, device=PATH, hugepages=BYTES, seccomp (RuntimeDefault), attempt=N

The messages are written and read by the numbers of their fields (k8s.io/cri-api, api.proto, v1): so nothing is
needed besides gRPC.
"""
import sys

import cristream
import grpc

MAPPING = [(1, 200000), (2, 0), (3, 65536)]
NAMESPACE = {"pod": 0, "container": 1, "host": 2}


def varint(n):
    out = bytearray()
    while True:
        out.append(n & 127 | (128 if n > 127 else 0))
        n >>= 7
        if not n:
            return bytes(out)


def encode(fields):
    """Fields as (number, value): int, str, bytes or a list of fields, which is a message."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            data = encode(value) if isinstance(value, list) else value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def decode(data):
    """{number: [values]}, messages still as bytes."""
    fields, i = {}, 0

    def take():
        nonlocal i
        n = shift = 0
        while True:
            byte = data[i]
            i += 1
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return n

    while i < len(data):
        key = take()
        if key & 7 == 0:
            value = take()
        elif key & 7 == 2:
            size = take()
            value, i = data[i:i + size], i + size
        elif key & 7 == 1:
            value, i = data[i:i + 8], i + 8
        else:
            value, i = data[i:i + 4], i + 4
        fields.setdefault(key >> 3, []).append(value)
    return fields


def text(fields, number):
    return fields.get(number, [b""])[0].decode()


class Client:
    def __init__(self, socket):
        self.channel = grpc.insecure_channel(f"unix://{socket}")

    def call(self, name, fields):
        method = self.channel.unary_unary(f"/runtime.v1.RuntimeService/{name}")
        return decode(method(encode(fields), timeout=250))


def split(words):
    options = {}
    for word in words:
        key, _, value = word.partition("=")
        options[key] = value
    return options


def namespaces(options):
    pid = "host" if "host-pid" in options else "pod" if "pod-pid" in options else "container"
    fields = [(1, NAMESPACE["host" if "host-net" in options else "pod"]), (2, NAMESPACE[pid]), (3, 0)]
    if "userns" in options:
        fields.append((5, [(1, 0), (2, MAPPING), (3, MAPPING)]))
    return fields


def sandbox_config(name, options):
    security = [(1, namespaces(options))]
    if "privileged" in options:
        security.append((6, 1))
    return [
        (1, [(1, name), (2, f"uid-{name}"), (3, "default"), (4, int(options.get("attempt", 0)))]),
        (2, "" if "host-net" in options else name),
        (3, f"/tmp/logs/{name}"),
        (8, [(1, f"/kube/{name}"), (2, security)]),
    ]


def huge_pages(size):
    """LinuxContainerResources with that alone: the one controller that each machine's cgroup v2 has."""
    return [(8, [(1, "2MB"), (2, int(size))])]


def container_config(name, image, options, command):
    security = [(3, namespaces(options))]
    if "cap-drop" in options:
        security.append((1, [(2, "ALL")]))
    if "privileged" in options:
        security.append((2, 1))
    if "uid" in options:
        security.append((5, [(1, int(options["uid"]))]))
    if "user" in options:
        security.append((6, options["user"]))
    if "readonly" in options:
        security.append((7, 1))
    if "seccomp" in options:
        security.append((15, [(1, 0)]))
    config = [(1, [(1, name), (2, int(options.get("attempt", 0)))]), (2, [(1, image)])]
    config += [(3, word) for word in command]
    config += [(5, options.get("cwd", "")), (6, [(1, "A"), (2, "x")])]
    if "mount" in options:
        host, inside = options["mount"].split(":")
        mapped = [(6, MAPPING), (7, MAPPING)] if "userns" in options else []
        config.append((7, [(1, inside), (2, host)] + mapped))
    if "device" in options:
        config.append((8, [(1, options["device"]), (2, options["device"]), (3, "rwm")]))
    config += [(11, f"{name}.log"), (12, int("stdin" in options)), (14, int("tty" in options))]
    config.append((15, [(1, huge_pages(options["hugepages"]) if "hugepages" in options else []), (2, security)]))
    return config


def one(client, handler, options, script):
    image = "localhost/bb:latest"
    sandbox = sandbox_config("pod", options)
    pod = text(client.call("RunPodSandbox", [(1, sandbox), (2, handler)]), 1)
    config = container_config("main", image, options, ["sh", "-c", script])
    container = text(client.call("CreateContainer", [(1, pod), (2, config), (3, sandbox)]), 1)
    client.call("StartContainer", [(1, container)])
    return container


def execute(client, container, command):
    got = client.call("ExecSync", [(1, container)] + [(2, word) for word in command] + [(3, 40)])
    sys.stdout.write(text(got, 1))
    sys.stderr.write(text(got, 2))
    sys.exit(got.get(3, [0])[0])


def stream(client, verb, container, kind, command):
    """exec and attach over the streaming server; on a terminal of 77 columns and 33 lines, when it is one."""
    tty = kind == "tty"
    if verb == "stream":
        fields = [(1, container)] + [(2, word) for word in command] + [(3, int(tty)), (4, 1), (5, 1), (6, int(not tty))]
        url = text(client.call("Exec", fields), 1)
    else:
        url = text(client.call("Attach", [(1, container), (2, 1), (3, int(tty)), (4, 1), (5, int(not tty))]), 1)
    sys.exit(cristream.talk(url, sys.stdin.buffer.read(), (77, 33) if tty else None))


def clear(client):
    for item in client.call("ListPodSandbox", []).get(1, []):
        pod = text(decode(item), 1)
        client.call("StopPodSandbox", [(1, pod)])
        client.call("RemovePodSandbox", [(1, pod)])


def main():
    client = Client(sys.argv[1])
    verb, words = sys.argv[2], sys.argv[3:]
    if verb == "version":
        got = client.call("Version", [])
        print(text(got, 2), text(got, 3))
    elif verb == "status":
        got = client.call("Status", [])
        for condition in decode(got[1][0])[1]:
            condition = decode(condition)
            print(text(condition, 1), bool(condition.get(2, [0])[0]), text(condition, 4))
        for handler in got.get(3, []):
            handler = decode(handler)
            features = decode(handler.get(2, [b""])[0])
            print("handler", text(handler, 1) or "(default)", "rro" if features.get(1) else "", "userns" if features.get(2) else "")
    elif verb == "runp":
        options = split(words[2:])
        print(text(client.call("RunPodSandbox", [(1, sandbox_config(words[0], options)), (2, words[1])]), 1))
    elif verb == "create":
        at = words.index("--")
        options = split(words[3:at])
        config = container_config(words[1], words[2], options, words[at + 1:])
        sandbox = sandbox_config(options.get("pod", "pod"), options)
        print(text(client.call("CreateContainer", [(1, words[0]), (2, config), (3, sandbox)]), 1))
    elif verb in ("start", "rm", "stop-pod", "rmp", "reopen"):
        name = {"start": "StartContainer", "rm": "RemoveContainer", "stop-pod": "StopPodSandbox",
                "rmp": "RemovePodSandbox", "reopen": "ReopenContainerLog"}[verb]
        client.call(name, [(1, words[0])])
    elif verb == "stop":
        client.call("StopContainer", [(1, words[0]), (2, int(words[1]) if len(words) > 1 else 1)])
    elif verb == "state":
        status = decode(client.call("ContainerStatus", [(1, words[0])])[1][0])
        state = ["created", "running", "exited", "unknown"][status.get(3, [0])[0]]
        print(state, status.get(7, [0])[0], text(status, 10))
    elif verb == "podstate":
        status = decode(client.call("PodSandboxStatus", [(1, words[0])])[1][0])
        print(["ready", "notready"][status.get(3, [0])[0]], text(status, 9))
    elif verb == "stats":
        stats = decode(client.call("ContainerStats", [(1, words[0])])[1][0])
        print("stats of", text(decode(stats[1][0]), 1))
    elif verb == "update":
        client.call("UpdateContainerResources", [(1, words[0]), (2, huge_pages(words[1]))])
    elif verb in ("pods", "ps"):
        got = client.call("ListPodSandbox" if verb == "pods" else "ListContainers", [])
        for item in got.get(1, []):
            print(text(decode(item), 1))
    elif verb == "exec":
        execute(client, words[0], words[1:])
    elif verb in ("stream", "attach"):
        stream(client, verb, words[0], words[1], words[2:])
    elif verb == "forward":
        url = text(client.call("PortForward", [(1, words[0]), (2, varint(int(words[1])))]), 1)
        sys.exit(cristream.forward(url, sys.stdin.buffer.read()))
    elif verb == "one":
        print(one(client, words[0], split(words[1].split()), words[2]))
    elif verb == "one-exec":
        container = one(client, words[0], split(words[1].split()), "sleep 1000")
        execute(client, container, ["sh", "-c", words[2]])
    elif verb == "clear":
        clear(client)
    else:
        sys.exit(__doc__)


try:
    main()
except grpc.RpcError as error:
    sys.exit(f"cri.py: {error.code().name}: {error.details()}")
