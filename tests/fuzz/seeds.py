#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# seeds.py FOLDER DAVIT: the seeds of the fuzzers, FOLDER/TARGET/*, and the dictionary that they
# share, FOLDER/words. From tests/configs, from davit's own tables (features, completion) and from
# small examples of each sort of option. The first byte of a seed is its sort (the tables at the
# ends of documents.c, options.c, profiles.c).
import base64
import glob
import hashlib
import json
import os
import re
import struct
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# A list twice, in an object that has room for four: the fault that the targets were written for.
TWICE = ('{"ociVersion":"1.0.0","mounts":[%s],"mounts":[%s]}' %
         (','.join(['{"destination":"/a"}'] * 5), ','.join(['{"destination":"/b"}'] * 6)))
# A mount with a fault, of which nothing is there to be looked at afterwards.
BARE = '{"ociVersion":"1.0.0","mounts":[{"destination":"/a","options":["rbind"]},{"destination":"/b"}]}'
RICH = {
    'ociVersion': '1.2.0', 'hostname': 'h', 'domainname': 'd', 'root': {'path': 'fd', 'readonly': True},
    'annotations': {'run.oci.keep_original_groups': '1', 'a': 'b'},
    'process': {
        'args': ['sh'], 'cwd': '/', 'env': ['A=b'], 'umask': 18, 'commandLine': 'x',
        'user': {'uid': 1, 'gid': 2, 'umask': 18, 'additionalGids': [3, 4]},
        'rlimits': [{'type': 'RLIMIT_NOFILE', 'soft': 1, 'hard': 2}], 'oomScoreAdj': 5,
        'scheduler': {'policy': 'SCHED_DEADLINE', 'runtime': 1, 'deadline': 2, 'period': 3, 'flags': ['SCHED_FLAG_RECLAIM']},
        'ioPriority': {'class': 'IOPRIO_CLASS_BE', 'priority': 4},
        'execCPUAffinity': {'initial': '0-3,7', 'final': '1'}, 'consoleSize': {'height': 5, 'width': 6},
        'capabilities': {'bounding': ['CAP_CHOWN'], 'permitted': ['CAP_CHOWN'], 'effective': ['CAP_CHOWN'],
                         'inheritable': ['CAP_CHOWN'], 'ambient': ['CAP_CHOWN']}},
    'mounts': [{'destination': '/p', 'type': 'proc', 'source': 'proc', 'options': ['nosuid', 'ro']},
               {'destination': '/b', 'type': 'bind', 'source': '/tmp', 'options': ['rbind', 'rro', 'idmap=uids=0-1-2;gids=@0-1-2'],
                'uidMappings': [{'containerID': 0, 'hostID': 1, 'size': 2}], 'gidMappings': [{'containerID': 0, 'hostID': 1, 'size': 2}]}],
    'hooks': {k: [{'path': '/h', 'args': ['h', 'x'], 'env': ['A=b'], 'timeout': 5}] for k in
              ('prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop')},
    'linux': {
        'namespaces': [{'type': t} for t in ('pid', 'mount', 'ipc', 'uts', 'user', 'cgroup', 'time')] +
                      [{'type': 'network', 'path': '/proc/1/ns/net'}],
        'uidMappings': [{'containerID': 0, 'hostID': 1000, 'size': 65536}],
        'gidMappings': [{'containerID': 0, 'hostID': 1000, 'size': 65536}],
        'timeOffsets': {'monotonic': {'secs': 1, 'nanosecs': 2}, 'boottime': {'secs': 3}},
        'devices': [{'path': '/dev/x', 'type': 'c', 'major': 1, 'minor': 2, 'fileMode': 438, 'uid': 1, 'gid': 2}],
        'netDevices': {'eth0': {'name': 'eth1'}}, 'sysctl': {'net.ipv4.ip_forward': '1', 'kernel.domainname': 'd'},
        'cgroupsPath': '/a/b', 'rootfsPropagation': 'rshared', 'mountLabel': 'l', 'maskedPaths': ['/proc/kcore'],
        'readonlyPaths': ['/proc/sys'], 'personality': {'domain': 'LINUX32'},
        'intelRdt': {'closID': 'c', 'l3CacheSchema': 'L3:0=f', 'memBwSchema': 'MB:0=20', 'schemata': ['L3:0=f'], 'enableMonitoring': True},
        'memoryPolicy': {'mode': 'MPOL_BIND', 'nodes': '0-1', 'flags': ['MPOL_F_STATIC_NODES']},
        'resources': {
            'devices': [{'allow': True, 'type': 'c', 'major': 1, 'minor': 3, 'access': 'rwm'}],
            'memory': {'limit': 1048576, 'swap': 2097152, 'reservation': 5, 'kernel': 1, 'swappiness': 6, 'disableOOMKiller': True, 'checkBeforeUpdate': True},
            'cpu': {'shares': 1024, 'quota': 5000, 'period': 10000, 'burst': 5, 'realtimeRuntime': 1, 'realtimePeriod': 2, 'cpus': '0-1', 'mems': '0', 'idle': 1},
            'pids': {'limit': 5}, 'network': {'classID': 1, 'priorities': [{'name': 'lo', 'priority': 1}]},
            'hugepageLimits': [{'pageSize': '2MB', 'limit': 5}], 'rdma': {'mlx5_0': {'hcaHandles': 1, 'hcaObjects': 2}}, 'unified': {'cpu.max': 'max'},
            'blockIO': {'weight': 10, 'leafWeight': 10, 'weightDevice': [{'major': 8, 'minor': 0, 'weight': 10, 'leafWeight': 10}],
                        'throttleReadBpsDevice': [{'major': 8, 'minor': 0, 'rate': 10}]}},
        'seccomp': {'defaultAction': 'SCMP_ACT_ERRNO', 'defaultErrnoRet': 1, 'architectures': ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X32'],
                    'flags': ['SECCOMP_FILTER_FLAG_LOG'], 'listenerPath': '/run/a', 'listenerMetadata': 'm',
                    'syscalls': [{'names': ['read', 'write', 'nothing'], 'action': 'SCMP_ACT_ALLOW',
                                  'args': [{'index': 0, 'value': 1, 'valueTwo': 2, 'op': 'SCMP_CMP_MASKED_EQ'}]},
                                 {'names': ['mount'], 'action': 'SCMP_ACT_NOTIFY', 'errnoRet': 5}]}}}
STATE = {'ociVersion': '1.0.2', 'id': 'x', 'status': 'running', 'pid': 5, 'bundle': '/b', 'rootfs': '/b/r',
         'created': '2026-01-01T00:00:00Z', 'owner': '', 'annotations': {'a': 'b'}}
JOURNAL = {'version': 1, 'phase': 'created', 'id': 'x', 'ociVersion': '1.0.2', 'bundle': '/b', 'bootId': 'b', 'pid': 5,
           'startTime': 6, 'cgroupPath': '/c', 'cgroupOwner': 'o', 'cgroupInode': 7, 'cgroupWasThere': True, 'terminal': False,
           'hasStartSocket': True, 'sharesPidNs': False, 'annotations': {'a': 'b'}}

OPTIONS = {
    'm': ['nosuid\nnodev\nmode=755\nsize=65536k', 'rbind\nrro\nrprivate', 'idmap\ntmpcopyup\nro\nrw\nnoatime\nstrictatime', ''],
    'i': ['uids=0-100000-65536;gids=0-100000-65536', 'uids=@0-1-2#3-4-5;gids=0-1-2', 'gids=1-2-3', 'uids='],
    'd': ['abc', 'a+b_c-d.e', '..', 'a/b', ''],
    'c': ['0-3,7', '1', '0-8191', '3-1', ',', '0,0-0'],
    'p': ['/a/b', 'a', '', '//', 'a/../b', '/a/./b/', 'system.slice:davit:x'],
    's': ['TERM', 'SIGKILL', '9', 'RTMIN+3', 'RTMAX-1', 'sigrtmin', '99'],
    'y': ['net.ipv4.ip_forward\n1', 'kernel.domainname\nx', 'net/ipv4/x.y\n1', 'fs.mqueue.msg_max\n1\nkernel.shm_rmid_forced\n0'],
    'a': ['run.oci.keep_original_groups\n1', 'run.oci.hooks.stdout\n/x', 'run.oci.seccomp_fail_unknown_syscall\n1\nrun.oci.seccomp.receiver\n/s'],
    'l': ['create\n-b\n/b\nid', 'exec\n--env\nA=b\n-e\nC=d\n--cap=CAP_CHOWN\nid\nsh\n-c\nx', 'run\n--preserve-fds=3\n--pid-file\np\nid',
          'update\n--memory=5M\n--resources\n-\nid', 'ps\n-f\njson\nid', 'kill\n-a\nid\nTERM', 'list\n-q', 'validate\n--strict\nx'],
}


def put(folder, sort, data):
    if isinstance(data, str):
        data = data.encode()
    os.makedirs(folder, exist_ok=True)
    data = sort.encode() + data
    with open(os.path.join(folder, hashlib.sha1(data).hexdigest()[:16]), 'wb') as f:
        f.write(data)


def pieces(value):
    """Every member of a document, alone in objects of its own: small inputs are mutated best."""
    for key, inner in value.items():
        yield {key: inner}
        if isinstance(inner, dict):
            for piece in pieces(inner):
                yield {key: piece}


def documents(folder):
    for path in sorted(glob.glob(os.path.join(TOP, 'tests/configs/*.json'))):
        with open(path, encoding='utf-8') as f:
            config = json.load(f)
        put(folder, 'c', json.dumps(config))
        put(folder, 'p', json.dumps(config['process']))
        put(folder, 'r', json.dumps(config['linux'].get('resources', {})))
    put(folder, 'c', TWICE)
    put(folder, 'c', BARE)
    put(folder, 'c', json.dumps(RICH))
    base = {'ociVersion': '1.0.0', 'root': {'path': 'fd'}, 'process': {'args': ['x'], 'cwd': '/', 'user': {}}}
    for piece in pieces(RICH):
        put(folder, 'c', json.dumps({**base, **piece}))
    for piece in pieces(RICH['process']):
        put(folder, 'p', json.dumps({'cwd': '/', 'args': ['x'], **piece}))
    for piece in pieces(RICH['linux']['resources']):
        put(folder, 'r', json.dumps(piece))
    put(folder, 's', json.dumps(STATE))
    put(folder, 'j', json.dumps(JOURNAL))
    put(folder, 'f', subprocess.run([DAVIT, 'features'], check=True, capture_output=True).stdout)


def options(folder):
    for sort, texts in OPTIONS.items():
        for text in texts:
            put(folder, sort, text)
    for path in glob.glob(os.path.join(TOP, 'tests/configs/*.json')):
        with open(path, encoding='utf-8') as f:
            for mount in json.load(f)['mounts']:
                put(folder, 'm', '\n'.join(mount.get('options', [])))


def elf(bits, loader):
    head = b'\x7fELF' + bytes([bits, 1, 1]) + bytes(9)
    if bits == 2:
        return head + struct.pack('<HHIQQQIHHHHHH', 3, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0) + \
            struct.pack('<IIQQQQQQ', 3, 4, 120, 0, 0, len(loader), len(loader), 1) + loader
    return head + struct.pack('<HHIIIIIHHHHHH', 3, 3, 1, 0, 52, 0, 0, 52, 32, 1, 0, 0, 0) + \
        struct.pack('<IIIIIIII', 3, 84, 0, 0, len(loader), len(loader), 4, 1) + loader


def profiles(folder):
    for path in glob.glob(os.path.join(TOP, 'tests/configs/*.json')):
        with open(path, encoding='utf-8') as f:
            seccomp = json.load(f)['linux'].get('seccomp')
        if seccomp:
            seccomp['syscalls'] = [{**s, 'names': s['names'][:8]} for s in seccomp.get('syscalls', [])]
            put(folder, 's', json.dumps(seccomp))
    put(folder, 's', json.dumps(RICH['linux']['seccomp']))
    for piece in pieces(RICH['linux']['seccomp']):
        put(folder, 's', json.dumps({'defaultAction': 'SCMP_ACT_ALLOW', **piece}))
    put(folder, 'b', base64.b64encode(struct.pack('<HBBI', 0x20, 0, 0, 0) + struct.pack('<HBBI', 0x15, 0, 1, 5) +
                                      struct.pack('<HBBI', 6, 0, 0, 0x7fff0000) * 2))
    put(folder, 'b', 'AA==')
    for text in (b'#!/bin/sh\n', b'#! /usr/bin/env python3 \r\n', b'#!', b'', elf(2, b'/lib64/ld.so\0'), elf(1, b'/lib/ld.so\0')):
        put(folder, 'x', text)
    put(folder, 'u', 'root:x:0:0:root:/root:/bin/sh\nu:x:1000:1000::/home/u:/bin/sh\n')
    put(folder, 'u', 'a:b\n:::::\nroot:x:0:0:root:relative:/bin/sh')


def words(path):
    """All names and words of the tables: strings of the sources that look like one."""
    found = set()
    for name in ('oci-spec/config_tables.c', 'oci-spec/state_tables.c', 'oci-spec/features_tables.c',
                 'libcrun-like/setup/filesystem/mount_options.c', 'libcrun-like/setup/annotations.c',
                 'libcrun-like/setup/seccomp/seccomp.c',
                 'libcrun-like/setup/seccomp/seccomp_compile.c', 'src/command_table.c'):
        with open(os.path.join(TOP, name), encoding='utf-8') as f:
            found.update(re.findall(r'"([A-Za-z][A-Za-z0-9_.-]{1,40})"', f.read()))
    found.update(['{"', '":', ',"', '[', ']', '\\\\u0061', 'null', 'true', '18446744073709551615', '-9223372036854775808',
                  'uids=', ';gids=', '#', '@'])
    with open(path, 'w', encoding='utf-8') as f:
        for word in sorted(found):
            word = word.replace('"', '\\"') if '\\' not in word else word
            f.write(f'"{word}"\n')


FOLDER, DAVIT = sys.argv[1:]
documents(os.path.join(FOLDER, 'documents'))
options(os.path.join(FOLDER, 'options'))
profiles(os.path.join(FOLDER, 'profiles'))
words(os.path.join(FOLDER, 'words'))
