/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * oci-spec/: the rules between values. Rows give the members of a document, and the pointers of the
 * violations in order; rows without one are accepted. The Rnn are rows of the rejection table that
 * the project keeps.
 */
#include "base/arena.h"
#include "base/fmt.h"
#include "oci-spec/json.h"
#include "test.h"

#define ROOT            "\"root\":{\"path\":\"rootfs\"},"
#define DOC(m)          "{" ROOT "\"ociVersion\":\"1.2.1\"," m "}"
#define PROCESS(m)      DOC("\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"]," m "}")
#define NS(t)           "{\"type\":\"" t "\"}"
#define LINUX(m)        DOC("\"linux\":{" m "}")
#define LINUX_NS(ns, m) DOC("\"linux\":{\"namespaces\":[" ns "]," m "}")
#define MOUNT(m)        DOC("\"mounts\":[{" m "}]")
#define MAP(c, h, s)    "{\"containerID\":" c ",\"hostID\":" h ",\"size\":" s "}"
#define MAPS(m)         "\"uidMappings\":[" m "],\"gidMappings\":[" MAP("0", "5", "1") "]"
#define RESOURCES(m)    LINUX("\"resources\":{" m "}")
#define DEVICE(m)       LINUX("\"devices\":[{" m "}]")
#define SECCOMP(m)      LINUX("\"seccomp\":{" m "}")
#define SYSCALL(m)      SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{" m "}]")
#define HOOK(m)         DOC("\"hooks\":{\"createRuntime\":[{" m "}]}")
#define SCHED(m)        PROCESS("\"scheduler\":{" m "}")
#define SYSCTL(k)                                                                                  \
	LINUX_NS(NS("network") "," NS("ipc") "," NS("uts"), "\"sysctl\":{\"" k "\":\"1\"}")
#define POLICY(m) LINUX("\"memoryPolicy\":{" m "}")

#define X16                       "xxxxxxxxxxxxxxxx"
#define X256                      X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16
#define LINUX_OF(before, members) DOC(before "\"linux\":{" members "}")

struct row {
	const char *name, *text, *pointers;
};

/* clang-format off */
static const struct row rows[] = {
	{ "R11 not SemVer", "{" ROOT "\"ociVersion\":\"abc\"}", "/ociVersion" },
	{ "R11 empty", "{" ROOT "\"ociVersion\":\"\"}", "/ociVersion" },
	{ "R11 two numbers", "{" ROOT "\"ociVersion\":\"1.0\"}", "/ociVersion" },
	{ "R11 leading zero", "{" ROOT "\"ociVersion\":\"1.02.0\"}", "/ociVersion" },
	{ "R11 bad end", "{" ROOT "\"ociVersion\":\"1.0.0-\"}", "/ociVersion" },
	{ "R11 bad end 2", "{" ROOT "\"ociVersion\":\"1.0.0-a..b\"}", "/ociVersion" },
	{ "R11 major 2", "{" ROOT "\"ociVersion\":\"2.0.0\"}", "/ociVersion" },
	{ "R11 major 10", "{" ROOT "\"ociVersion\":\"10.0.0\"}", "/ociVersion" },
	{ "R11 candidate", "{" ROOT "\"ociVersion\":\"1.1.0-rc.2+dev-5\"}", NULL },
	{ "R11 future", "{" ROOT "\"ociVersion\":\"1.99.0\"}", NULL },
	{ "R12 no root", "{\"ociVersion\":\"1.0.0\"}", "/root" },
	{ "R12 empty path", "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\"}}", "/root/path" },
	{ "R13 no args", DOC("\"process\":{\"cwd\":\"/\"}"), "/process/args" },
	{ "R13 args empty", DOC("\"process\":{\"cwd\":\"/\",\"args\":[]}"), "/process/args" },
	{ "R13 args[0] empty", DOC("\"process\":{\"cwd\":\"/\",\"args\":[\"\"]}"), "/process/args/0" },
	{ "R13 args[1] empty", DOC("\"process\":{\"cwd\":\"/\",\"args\":[\"a\",\"\"]}"), NULL },
	{ "R14 relative", DOC("\"process\":{\"cwd\":\"a/b\",\"args\":[\"a\"]}"), "/process/cwd" },
	{ "R14 empty", DOC("\"process\":{\"cwd\":\"\",\"args\":[\"a\"]}"), "/process/cwd" },
	{ "R15", PROCESS("\"env\":[\"A=b\",\"A\",\"=b\",\"A=\\n\",\"\"]"),
	  "/process/env/1 /process/env/2 /process/env/4" },
	{ "R17", PROCESS("\"user\":{\"uid\":4294967295,\"gid\":4294967295,\"additionalGids\":[1,4294967295]}"),
	  "/process/user/uid /process/user/gid /process/user/additionalGids/1" },
	{ "R21 twice", PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
	  "{\"type\":\"RLIMIT_AS\",\"soft\":18446744073709551615,\"hard\":18446744073709551615},"
	  "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}]"), "/process/rlimits/2/type" },
	{ "R21 soft above hard", PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]"),
	  "/process/rlimits/0/soft" },
	{ "R22", PROCESS("\"oomScoreAdj\":1001"), "/process/oomScoreAdj" },
	{ "R22 low", PROCESS("\"oomScoreAdj\":-1001"), "/process/oomScoreAdj" },
	{ "R22 good", PROCESS("\"oomScoreAdj\":-1000"), NULL },
	{ "nice of FIFO", SCHED("\"policy\":\"SCHED_FIFO\",\"priority\":1,\"nice\":1"), NULL },
	{ "nice 20 of FIFO", SCHED("\"policy\":\"SCHED_FIFO\",\"priority\":1,\"nice\":20"), "/process/scheduler/nice" },
	{ "nice 0 of FIFO", SCHED("\"policy\":\"SCHED_FIFO\",\"priority\":99,\"nice\":0"), NULL },
	{ "nice 20", SCHED("\"policy\":\"SCHED_BATCH\",\"nice\":20"), "/process/scheduler/nice" },
	{ "priority of OTHER", SCHED("\"policy\":\"SCHED_OTHER\",\"nice\":-20,\"priority\":1"), "/process/scheduler/priority" },
	{ "priority 100", SCHED("\"policy\":\"SCHED_RR\",\"priority\":100"), "/process/scheduler/priority" },
	{ "no priority", SCHED("\"policy\":\"SCHED_RR\""), "/process/scheduler/priority" },
	{ "deadline of IDLE", SCHED("\"policy\":\"SCHED_IDLE\",\"runtime\":1,\"deadline\":2,\"period\":3"),
	  "/process/scheduler/runtime /process/scheduler/deadline /process/scheduler/period" },
	{ "deadline", SCHED("\"policy\":\"SCHED_DEADLINE\",\"runtime\":1024,\"deadline\":2000,\"period\":3000"), NULL },
	{ "deadline without a period", SCHED("\"policy\":\"SCHED_DEADLINE\",\"runtime\":1024,\"deadline\":1024"), NULL },
	{ "deadline, runtime", SCHED("\"policy\":\"SCHED_DEADLINE\",\"runtime\":1023,\"deadline\":2000"), "/process/scheduler/runtime" },
	{ "deadline, deadline", SCHED("\"policy\":\"SCHED_DEADLINE\",\"runtime\":1025,\"deadline\":1024,\"period\":3000"),
	  "/process/scheduler/deadline" },
	{ "deadline, period", SCHED("\"policy\":\"SCHED_DEADLINE\",\"runtime\":1024,\"deadline\":2000,\"period\":1999"),
	  "/process/scheduler/period" },
	{ "ioPriority 8", PROCESS("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}"), "/process/ioPriority/priority" },
	{ "consoleSize", PROCESS("\"terminal\":true,\"consoleSize\":{\"height\":65536,\"width\":65535}"), "/process/consoleSize/height" },
	{ "consoleSize without a terminal", PROCESS("\"consoleSize\":{\"height\":65536,\"width\":65536}"), NULL },
	{ "execCPUAffinity", PROCESS("\"execCPUAffinity\":{\"initial\":\"0-3, 7\",\"final\":\"a\"}"), "/process/execCPUAffinity/final" },
	{ "hostname without uts", DOC("\"hostname\":\"a\",\"domainname\":\"b\""), "/hostname /domainname" },
	{ "hostname with uts", DOC("\"hostname\":\"a\",\"domainname\":\"b\",\"linux\":{\"namespaces\":[" NS("uts") "]}"), NULL },
	{ "R23 twice", LINUX("\"namespaces\":[" NS("pid") "," NS("ipc") "," NS("pid") "]"), "/linux/namespaces/2/type" },
	{ "R23 path", LINUX("\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"},{\"type\":\"ipc\",\"path\":\"\"}]"),
	  "/linux/namespaces/0/path" },
	{ "R26 no user namespace", LINUX(MAPS(MAP("0", "0", "1"))), "/linux/uidMappings" },
	{ "R26 beside a joined one", LINUX_NS("{\"type\":\"user\",\"path\":\"/x\"}," NS("mount"), MAPS(MAP("0", "0", "1"))), NULL },
	{ "R26 none at all", LINUX("\"namespaces\":[" NS("user") "," NS("mount") "]"), NULL },
	{ "R26 one of the two", LINUX_NS(NS("user") "," NS("mount"), "\"uidMappings\":[" MAP("0", "0", "1") "]"), "/linux/gidMappings" },
	{ "R26 gids, no user namespace", LINUX("\"gidMappings\":[" MAP("0", "0", "1") "]"), "/linux/gidMappings" },
	{ "R26 the other of the two", LINUX_NS(NS("user") "," NS("mount"), "\"gidMappings\":[" MAP("0", "0", "1") "]"), "/linux/uidMappings" },
	{ "R26 size 0", LINUX_NS(NS("user") "," NS("mount"), MAPS(MAP("0", "0", "0"))), "/linux/uidMappings/0/size" },
	{ "R26 overlap inside", LINUX_NS(NS("user") "," NS("mount"), MAPS(MAP("0", "0", "10") "," MAP("9", "100", "1"))), "/linux/uidMappings/1" },
	{ "R26 overlap outside", LINUX_NS(NS("user") "," NS("mount"), MAPS(MAP("0", "5", "10") "," MAP("10", "0", "6"))), "/linux/uidMappings/1" },
	{ "R26 beside each other", LINUX_NS(NS("user") "," NS("mount"), MAPS(MAP("0", "5", "10") "," MAP("10", "0", "5"))), NULL },
	{ "R26 end", LINUX_NS(NS("user") "," NS("mount"), MAPS(MAP("1", "0", "4294967295"))), "/linux/uidMappings/0/size" },
	{ "R26 all", LINUX_NS(NS("user") "," NS("mount"), MAPS(MAP("0", "0", "4294967295"))), NULL },
	{ "a user namespace alone", LINUX("\"namespaces\":[" NS("user") "]"), "/linux/namespaces" },
	{ "R27", MOUNT("\"destination\":\"/a\",\"uidMappings\":[" MAP("0", "0", "1") "]"), "/mounts/0" },
	{ "R27 both", MOUNT("\"destination\":\"/a\"," MAPS(MAP("0", "0", "1"))), NULL },
	{ "R28 empty", MOUNT("\"destination\":\"\""), "/mounts/0/destination" },
	{ "R28 relative", MOUNT("\"destination\":\"a\""), NULL },
	{ "R30", MOUNT("\"destination\":\"/\""), "/mounts/0/destination" },
	{ "R30 spelt otherwise", MOUNT("\"destination\":\"//.//../\""), "/mounts/0/destination" },
	{ "R30 dots", MOUNT("\"destination\":\"/...\""), NULL },
	{ "R35 up", LINUX("\"cgroupsPath\":\"/a/../b\""), "/linux/cgroupsPath" },
	{ "R35 up at the end", LINUX("\"cgroupsPath\":\"a/..\""), "/linux/cgroupsPath" },
	{ "R35 up alone", LINUX("\"cgroupsPath\":\"..\""), "/linux/cgroupsPath" },
	{ "R35 spelling", LINUX("\"cgroupsPath\":\"/a//b/./c/\""), NULL },
	{ "R35 empty is none", LINUX("\"cgroupsPath\":\"\""), NULL },
	{ "empty is none",
	  LINUX("\"rootfsPropagation\":\"\",\"intelRdt\":{\"closID\":\"\",\"l3CacheSchema\":\"\","
		"\"memBwSchema\":\"\"},\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\","
		"\"listenerPath\":\"\",\"listenerMetadata\":\"\"},"
		"\"resources\":{\"devices\":[{\"allow\":true,\"type\":\"\",\"access\":\"rwm\"}]}"),
	  NULL },
	{ "R35 the root", LINUX("\"cgroupsPath\":\"/./\""), "/linux/cgroupsPath" },
	{ "R35 newline", LINUX("\"cgroupsPath\":\"/a\\nb\""), "/linux/cgroupsPath" },
	{ "R35 systemd", LINUX("\"cgroupsPath\":\"user.slice:libpod:0123\""), NULL },
	{ "R35 dots", LINUX("\"cgroupsPath\":\"/a..b/...\""), NULL },
	{ "R36", RESOURCES("\"unified\":{\"memory.high\":\"1\",\"a/b\":\"\",\"..\":\"\",\"\":\"\"}"),
	  "/linux/resources/unified/a~1b /linux/resources/unified/.. /linux/resources/unified/" },
	{ "device rule with a", RESOURCES("\"devices\":[{\"allow\":false,\"access\":\"rwa\"}]"), NULL },
	{ "device rule", RESOURCES("\"devices\":[{\"allow\":false,\"access\":\"rwx\"}]"), "/linux/resources/devices/0/access" },
	{ "page sizes", RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1},{\"pageSize\":\"64kB\",\"limit\":1},"
	  "{\"pageSize\":\"../MB\",\"limit\":1},{\"pageSize\":\"02MB\",\"limit\":1},{\"pageSize\":\"2M\",\"limit\":1},{\"pageSize\":\"2\",\"limit\":1}]"),
	  "/linux/resources/hugepageLimits/1/pageSize /linux/resources/hugepageLimits/2/pageSize "
	  "/linux/resources/hugepageLimits/3/pageSize /linux/resources/hugepageLimits/4/pageSize "
	  "/linux/resources/hugepageLimits/5/pageSize" },
	{ "weight device", RESOURCES("\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0}]}"), "/linux/resources/blockIO/weightDevice/0" },
	{ "rdma", RESOURCES("\"rdma\":{\"mlx5/1\":{}}"), "/linux/resources/rdma/mlx5~11" },
	{ "R37 up", SYSCTL("net.ipv4.//.kernel"), "/linux/sysctl/net.ipv4.~1~1.kernel" },
	{ "R37 up, slashes", SYSCTL("net/../kernel/x"), "/linux/sysctl/net~1..~1kernel~1x" },
	{ "R37 empty component", SYSCTL("kernel.shm.."), "/linux/sysctl/kernel.shm.." },
	{ "R37 empty", SYSCTL(""), "/linux/sysctl/" },
	{ "R37 absolute", SYSCTL("/net/x"), "/linux/sysctl/~1net~1x" },
	{ "R37 host", SYSCTL("kernel.panic"), "/linux/sysctl/kernel.panic" },
	{ "R37 host vm", SYSCTL("vm/swappiness"), "/linux/sysctl/vm~1swappiness" },
	{ "R37 prefix of a name", SYSCTL("kernel.semx"), "/linux/sysctl/kernel.semx" },
	{ "R37 the folder itself", SYSCTL("net"), "/linux/sysctl/net" },
	{ "R37 hostname", SYSCTL("kernel.hostname"), "/linux/sysctl/kernel.hostname" },
	{ "R37 user", SYSCTL("user.max_user_namespaces"), "/linux/sysctl/user.max_user_namespaces" },
	{ "R37 good", SYSCTL("net.ipv4.conf.eth0/100.forwarding"), NULL },
	{ "R37 good, slashes", SYSCTL("net/ipv4/conf/eth0.100/forwarding"), NULL },
	{ "R37 ipc", SYSCTL("kernel.shm_rmid_forced"), NULL },
	{ "R37 ipc mqueue", SYSCTL("fs.mqueue.msg_max"), NULL },
	{ "R37 uts", SYSCTL("kernel/domainname"), NULL },
	{ "R37 no namespace", LINUX("\"sysctl\":{\"net.x\":\"1\",\"kernel.sem\":\"\"}"), "/linux/sysctl/net.x /linux/sysctl/kernel.sem" },
	{ "R38 path", DEVICE("\"type\":\"p\",\"path\":\"dev/x\""), "/linux/devices/0/path" },
	{ "R38 up", DEVICE("\"type\":\"p\",\"path\":\"/dev/../etc/x\""), "/linux/devices/0/path" },
	{ "R38 no numbers", DEVICE("\"type\":\"c\",\"path\":\"/dev/x\""), "/linux/devices/0/major /linux/devices/0/minor" },
	{ "R38 numbers", DEVICE("\"type\":\"b\",\"path\":\"/dev/x\",\"major\":4096,\"minor\":1048576"),
	  "/linux/devices/0/major /linux/devices/0/minor" },
	{ "R38 negative", DEVICE("\"type\":\"u\",\"path\":\"/dev/x\",\"major\":-1,\"minor\":0"), "/linux/devices/0/major" },
	{ "R38 good", DEVICE("\"type\":\"c\",\"path\":\"/dev/x\",\"major\":4095,\"minor\":1048575"), NULL },
	{ "R39 errnoRet", SYSCALL("\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":1"), "/linux/seccomp/syscalls/0/errnoRet" },
	{ "R39 errnoRet of ERRNO", SYSCALL("\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38"), NULL },
	{ "R39 errnoRet of 17 bits", SYSCALL("\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":65536"), "/linux/seccomp/syscalls/0/errnoRet" },
	{ "R39 defaultErrnoRet", SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1"), "/linux/seccomp/defaultErrnoRet" },
	{ "R39 no names", SYSCALL("\"names\":[],\"action\":\"SCMP_ACT_KILL\""), "/linux/seccomp/syscalls/0/names" },
	{ "R39 empty name", SYSCALL("\"names\":[\"read\",\"\"],\"action\":\"SCMP_ACT_KILL\""), "/linux/seccomp/syscalls/0/names/1" },
	{ "R39 index", SYSCALL("\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\",\"args\":[{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]"),
	  "/linux/seccomp/syscalls/0/args/0/index" },
	{ "R39 metadata", SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerMetadata\":\"x\""), "/linux/seccomp/listenerMetadata" },
	{ "R40 relative", HOOK("\"path\":\"x\""), "/hooks/createRuntime/0/path" },
	{ "R40 empty", HOOK("\"path\":\"\""), "/hooks/createRuntime/0/path" },
	{ "R40 timeout", HOOK("\"path\":\"/x\",\"timeout\":0"), "/hooks/createRuntime/0/timeout" },
	{ "R40 good", HOOK("\"path\":\"/x\",\"timeout\":1"), NULL },
	{ "R40 annotation", DOC("\"annotations\":{\"\":\"x\",\"a\":\"\\n\"}"), "/annotations/" },
	{ "masked root", LINUX("\"maskedPaths\":[\"/\",\"/.a\",\"//./..\",\"/...\",\"/a/..\"]"), "/linux/maskedPaths/0 /linux/maskedPaths/2" },
	{ "masked paths", LINUX("\"maskedPaths\":[\"/a\",\"b\"],\"readonlyPaths\":[\"\"]"), "/linux/maskedPaths/1 /linux/readonlyPaths/0" },
	{ "time offsets", LINUX("\"timeOffsets\":{\"boottime\":{\"secs\":1}}"), "/linux/timeOffsets" },
	{ "time offsets, joined", LINUX_NS("{\"type\":\"time\",\"path\":\"/x\"}", "\"timeOffsets\":{\"boottime\":{\"secs\":1}}"), "/linux/timeOffsets" },
	{ "no time offsets", LINUX("\"timeOffsets\":{}"), NULL },
	{ "nanoseconds", LINUX_NS(NS("time"), "\"timeOffsets\":{\"monotonic\":{\"nanosecs\":1000000000}}"), "/linux/timeOffsets/monotonic/nanosecs" },
	{ "policy without nodes", POLICY("\"mode\":\"MPOL_BIND\""), "/linux/memoryPolicy/nodes" },
	{ "policy with nodes", POLICY("\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\""), "/linux/memoryPolicy/nodes" },
	{ "preferred", POLICY("\"mode\":\"MPOL_PREFERRED\",\"nodes\":\"\""), NULL },
	{ "nodes", POLICY("\"mode\":\"MPOL_BIND\",\"nodes\":\"x\""), "/linux/memoryPolicy/nodes" },
	{ "policy flags", POLICY("\"mode\":\"MPOL_INTERLEAVE\",\"nodes\":\"0-1\",\"flags\":[\"MPOL_F_STATIC_NODES\",\"MPOL_F_RELATIVE_NODES\",\"MPOL_F_NUMA_BALANCING\"]"),
	  "/linux/memoryPolicy/flags/1 /linux/memoryPolicy/flags/2" },
	{ "schemata", LINUX("\"intelRdt\":{\"schemata\":[\"L3:0=f\",\"a\\nb\"],\"memBwSchema\":\"L3:\",\"closID\":\"..\"}"),
	  "/linux/intelRdt/closID /linux/intelRdt/memBwSchema /linux/intelRdt/schemata/1" },
	{ "the default class", LINUX("\"intelRdt\":{\"closID\":\"/\"}"), NULL },
	{ "net device lo", LINUX_NS(NS("network"), "\"netDevices\":{\"lo\":{},\"lo0\":{}}"), "/linux/netDevices/lo" },
	{ "net devices", LINUX("\"netDevices\":{\"eth0\":{}}"), "/linux/netDevices" },
	{ "net device templates", LINUX_NS(NS("network"), "\"netDevices\":{\"a\":{\"name\":\"e%d\"},\"b\":{\"name\":\"e%s\"},\"c\":{\"name\":\"%d%d\"}}"),
	  "/linux/netDevices/b/name /linux/netDevices/c/name" },
	{ "net device names", LINUX_NS(NS("network"), "\"netDevices\":{\"0123456789abcdef\":{},\"a\":{\"name\":\"..\"},\"b/c\":{\"name\":\"\"}}"),
	  "/linux/netDevices/0123456789abcdef /linux/netDevices/a/name /linux/netDevices/b~1c /linux/netDevices/b~1c/name" },
	{ "R17 umask", PROCESS("\"user\":{\"umask\":512}"), "/process/user/umask" },
	{ "R17 umask 0777", PROCESS("\"user\":{\"umask\":511}"), NULL },
	{ "R30 through a name", MOUNT("\"destination\":\"/a/.././/\""), "/mounts/0/destination" },
	{ "R30 above", MOUNT("\"destination\":\"/../a\""), NULL },
	{ "R35 long", LINUX("\"cgroupsPath\":\"/" X256 "\""), "/linux/cgroupsPath" },
	{ "R35 longer", LINUX("\"cgroupsPath\":\"" X256 X256 X256 X256 X256 X256 X256 X256 "\""), "/linux/cgroupsPath" },
	{ "R36 no limits", RESOURCES("\"unified\":{\"memory\":\"\",\".max\":\"\",\"memory.\":\"\",\"a.\\n\":\"\",\"cgroup.procs\":\"1\",\"cgroup.max.depth\":\"3\"}"),
	  "/linux/resources/unified/memory /linux/resources/unified/.max /linux/resources/unified/memory. "
	  "/linux/resources/unified/a.? /linux/resources/unified/cgroup.procs" },
	{ "swap alone", RESOURCES("\"memory\":{\"swap\":7}"), "/linux/resources/memory/swap" },
	{ "swap, no limit", RESOURCES("\"memory\":{\"swap\":7,\"limit\":0}"), "/linux/resources/memory/swap" },
	{ "swap below", RESOURCES("\"memory\":{\"swap\":7,\"limit\":8}"), "/linux/resources/memory/swap" },
	{ "swap", RESOURCES("\"memory\":{\"swap\":8,\"limit\":8}"), NULL },
	{ "swap without end", RESOURCES("\"memory\":{\"swap\":-1}"), NULL },
	{ "burst", RESOURCES("\"cpu\":{\"quota\":5,\"burst\":6}"), "/linux/resources/cpu/burst" },
	{ "burst of no quota", RESOURCES("\"cpu\":{\"quota\":-1,\"burst\":6}"), NULL },
	{ "cpus, mems", RESOURCES("\"cpu\":{\"cpus\":\"0\\n1\",\"mems\":\"3-1\"}"), "/linux/resources/cpu/cpus /linux/resources/cpu/mems" },
	{ "cpus, good", RESOURCES("\"cpu\":{\"cpus\":\"0-1, 3\",\"mems\":\"\"}"), NULL },
	{ "device rule's numbers", RESOURCES("\"devices\":[{\"allow\":true,\"major\":-2,\"minor\":4294967296},{\"allow\":true,\"major\":-1,\"minor\":4294967295}]"),
	  "/linux/resources/devices/0/major /linux/resources/devices/0/minor" },
	{ "weight", RESOURCES("\"blockIO\":{\"weight\":9,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":1001}]}"),
	  "/linux/resources/blockIO/weight /linux/resources/blockIO/weightDevice/0" },
	{ "weight 0", RESOURCES("\"blockIO\":{\"weight\":0}"), NULL },
	{ "rdma names", RESOURCES("\"rdma\":{\"\":{\"hcaHandles\":1},\"a b\":{\"hcaObjects\":1}}"), "/linux/resources/rdma/ /linux/resources/rdma/a b" },
	{ "page size without end", RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"12345678MB\",\"limit\":1}]"), "/linux/resources/hugepageLimits/0/pageSize" },
	{ "R39 errnoRet of ERRNO, too large", SYSCALL("\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4095"), "/linux/seccomp/syscalls/0/errnoRet" },
	{ "R39 notify of write", SYSCALL("\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_NOTIFY\""), "/linux/seccomp/syscalls/0/names/1" },
	{ "R39 receiver", SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"run/agent\""), "/linux/seccomp/listenerPath" },
	{ "mount label", LINUX("\"mountLabel\":\"a\\\"b\""), "/linux/mountLabel" },
	{ "console width", PROCESS("\"terminal\":true,\"consoleSize\":{\"height\":1,\"width\":65536}"), "/process/consoleSize/width" },
	{ "CPUs at first", PROCESS("\"execCPUAffinity\":{\"initial\":\"8192\"}"), "/process/execCPUAffinity/initial" },
	{ "host name", LINUX_OF("\"hostname\":\"" X256 "\",\"domainname\":\"" X256 "\",", "\"namespaces\":[" NS("uts") "]"), "/hostname /domainname" },
	{ "domainname twice", LINUX_OF("\"domainname\":\"a\",", "\"namespaces\":[" NS("uts") "],\"sysctl\":{\"kernel.domainname\":\"b\"}"), "/linux/sysctl/kernel.domainname" },
	{ "newlines of a class", LINUX("\"intelRdt\":{\"l3CacheSchema\":\"a\\n\"}"), "/linux/intelRdt/l3CacheSchema" },
	{ "offsets", LINUX_NS(NS("time"), "\"timeOffsets\":{\"boottime\":{\"secs\":4611686019},\"monotonic\":{\"secs\":-4611686019}}"), "/linux/timeOffsets/boottime/secs /linux/timeOffsets/monotonic/secs" },
	{ "offsets of 146 years", LINUX_NS(NS("time"), "\"timeOffsets\":{\"boottime\":{\"secs\":4611686018},\"monotonic\":{\"secs\":-4611686018}}"), NULL },
	{ "a device as the root", LINUX("\"devices\":[{\"path\":\"//.\",\"type\":\"p\"},{\"path\":\"/dev/p\",\"type\":\"p\"}]"), "/linux/devices/0/path" },
	{ "long names", LINUX("\"devices\":[{\"path\":\"/" X256 "\",\"type\":\"p\"}],\"maskedPaths\":[\"/a/" X256 "\"],\"readonlyPaths\":[\"/a\",\"/" X256 "/\"]"), "/linux/devices/0/path /linux/maskedPaths/0 /linux/readonlyPaths/1" },
	{ "a long destination", MOUNT("\"destination\":\"/a/" X256 "\""), "/mounts/0/destination" },
	{ "personality", LINUX("\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"X\"]}"), "/linux/personality/flags" },
};
/* clang-format on */

struct found {
	char pointers[1024];
	size_t most;
	size_t count;
};

static bool on_violation(void *arg, const struct err *e)
{
	struct found *f = arg;
	char line[512];

	if (f->count)
		strcat(f->pointers, " ");
	strcat(f->pointers, e->pointer);
	CHECK(e->kind == ERR_CONFIG && e->code && e->msg[0] && e->hint[0]);
	err_format(e, line, sizeof(line));
	CHECK(!strchr(line, '\n'));
	return ++f->count < f->most;
}

static size_t check_text(const char *text, struct found *f)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	struct oci_config *c;
	size_t count = 0;

	if (oci_config_decode(&a, text, strlen(text), "c", &c, &e) < 0)
		printf("# %s\n# %s\n", text, e.msg);
	else
		count = oci_config_check(c, on_violation, f);
	CHECK(!e.code);
	arena_release(&a);
	return count;
}

TEST(lists_that_are_none)
{
	static const char *const lists[] = {
		",",   "0,",    "0,,1", "1-0",  "-1",          "0-",
		"1 2", "0-1-2", "x",    "0 , ", "99999999999", "32768"
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct found f = { .most = 100 };
		char text[200];

		fmt(text, sizeof(text), POLICY("\"mode\":\"MPOL_BIND\",\"nodes\":\"%s\""),
		    lists[i]);
		check_text(text, &f);
		CHECK_STR(f.pointers, "/linux/memoryPolicy/nodes");
	}
}

TEST(each_rule)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *want = rows[i].pointers ? rows[i].pointers : "";
		struct found f = { .most = 100 };

		CHECK_INT(check_text(rows[i].text, &f), f.count);
		if (strcmp(f.pointers, want) != 0) {
			printf("# %s\n", rows[i].name);
			CHECK_STR(f.pointers, want);
		}
	}
}

TEST(it_stops_when_told)
{
	struct found f = { .most = 1 };

	CHECK_INT(check_text("{\"ociVersion\":\"x\"}", &f), 1);
	CHECK_STR(f.pointers, "/ociVersion");
}

/* The document with @count times @item in the list that it leaves open. */
static char *repeat(const char *before, const char *item, size_t count, const char *after)
{
	char *text = malloc(strlen(before) + count * (strlen(item) + 1) + strlen(after) + 1);
	char *p = stpcpy(text, before);

	for (size_t i = 0; i < count; i++) {
		p = stpcpy(p, item);
		*p++ = i + 1 < count ? ',' : ' ';
	}
	strcpy(p, after);
	return text;
}

TEST(numbers_of_entries)
{
	static const char gids[] = "{" ROOT "\"ociVersion\":\"1.0.0\",\"process\":{\"cwd\":\"/\","
				   "\"args\":[\"a\"],\"user\":{\"additionalGids\":[";
	static const char maps[] =
		"{" ROOT "\"ociVersion\":\"1.0.0\",\"mounts\":[{\"destination\":"
		"\"/a\",\"gidMappings\":[" MAP("0", "0", "1") "],\"uidMappings\":[";
	struct found good = { .most = 9 }, bad = { .most = 9 }, many = { .most = 9 };
	char *text = repeat(gids, "5", 65536, "]}}}");

	CHECK_INT(check_text(text, &good), 0);
	free(text);
	text = repeat(gids, "5", 65537, "]}}}");
	CHECK_INT(check_text(text, &bad), 1);
	CHECK_STR(bad.pointers, "/process/user/additionalGids");
	free(text);
	text = repeat(maps, MAP("0", "0", "1"), 341, "]}]}");
	CHECK_INT(check_text(text, &many), 1);
	CHECK_STR(many.pointers, "/mounts/0/uidMappings");
	free(text);
}

TEST(a_long_path)
{
	char *text = repeat("{" ROOT "\"ociVersion\":\"1.0.0\",\"linux\":{\"cgroupsPath\":\"",
			    "\xc3\xa4", 1400, "\"}}");
	struct found f = { .most = 9 };

	CHECK_INT(check_text(text, &f), 1);
	CHECK_STR(f.pointers, "/linux/cgroupsPath");
	free(text);
}

TEST(parts_have_their_own_pointers)
{
	static const char process[] = "{\"cwd\":\"x\",\"args\":[]}";
	static const char resources[] = "{\"unified\":{\"a/b\":\"\"}}";
	struct found p = { .most = 9 }, r = { .most = 9 };
	struct oci_process *decoded;
	struct oci_resources *limits;
	struct arena a = { 0 };
	struct err e = { 0 };

	CHECK_INT(oci_process_decode(&a, process, strlen(process), "p", &decoded, &e), 0);
	CHECK_INT(oci_process_check(decoded, on_violation, &p), 2);
	CHECK_STR(p.pointers, "/args /cwd");
	CHECK_INT(oci_resources_decode(&a, resources, strlen(resources), "r", &limits, &e), 0);
	CHECK_INT(oci_resources_check(limits, on_violation, &r), 1);
	CHECK_STR(r.pointers, "/unified/a~1b");
	arena_release(&a);
}
