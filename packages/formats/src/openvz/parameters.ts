// Every parameter of OpenVZ's configuration files: the one table that readers, writers and checks share.
// SPDX-License-Identifier: Apache-2.0

/** How a parameter's value is written; openvz/values.ts reads each. */
export type Syntax =
  | 'ubc'
  | 'disk'
  | 'ulong'
  | 'rate'
  | 'float'
  | 'bool'
  | 'list'
  | 'path'
  | 'bitmap'
  | 'cpulimit'
  | 'meminfo'
  | 'netif'
  | 'switches'
  | 'text'
  | 'word';

export type Unit = 'pages' | 'bytes' | 'count' | 'KiB' | 'inodes' | 'seconds' | 'percent' | 'bytes/s' | '1/s';

/** OpenVZ's own grouping: what one sizes, what follows from it, what isolates. */
export type UbcClass = 'primary' | 'secondary' | 'auxiliary';

/** What a key given twice in one file means: the first counts, the last counts, or all are joined. */
export type Duplicates = 'first' | 'last' | 'all';

/** How barrier and limit must relate; `guarantee` is barrier with an unlimited limit, `total` a limit with barrier 0. */
export type Bounds = 'equal' | 'ordered' | 'guarantee' | 'total';

export type Group =
  | 'beancounter'
  | 'memory'
  | 'cpu'
  | 'disk'
  | 'identity'
  | 'network'
  | 'device'
  | 'host'
  | 'later';

export interface Parameter {
  readonly key: string;
  readonly group: Group;
  readonly syntax: Syntax;
  readonly unit?: Unit;
  readonly ubcClass?: UbcClass;
  readonly bounds?: Bounds;
  readonly duplicates: Duplicates;
  /** Beancounters that a classic (not VSwap) configuration must have. */
  readonly required: boolean;
  /** False for keys that a profile never overrides. */
  readonly profile: boolean;
  readonly meaning: string;
}

type UbcRow = readonly [string, Unit, UbcClass, Bounds, string];

// Order of /proc/user_beancounters.
const beancounterRows: readonly UbcRow[] = [
  ['KMEMSIZE', 'bytes', 'secondary', 'ordered', 'kernel memory that cannot be swapped'],
  ['LOCKEDPAGES', 'pages', 'auxiliary', 'ordered', 'memory locked with mlock'],
  ['PRIVVMPAGES', 'pages', 'secondary', 'ordered', 'private virtual memory allocated, touched or not'],
  ['SHMPAGES', 'pages', 'auxiliary', 'equal', 'shared memory: SysV, tmpfs, shared anonymous maps'],
  ['NUMPROC', 'count', 'primary', 'equal', 'processes and threads'],
  [
    'PHYSPAGES',
    'pages',
    'auxiliary',
    'total',
    'memory in use; with a limit set, the RAM of the container (VSwap)',
  ],
  ['VMGUARPAGES', 'pages', 'primary', 'guarantee', 'virtual memory whose allocation never fails'],
  [
    'OOMGUARPAGES',
    'pages',
    'secondary',
    'guarantee',
    'memory and swap below which nothing is killed when the node runs out',
  ],
  ['NUMTCPSOCK', 'count', 'primary', 'equal', 'TCP sockets'],
  ['NUMFLOCK', 'count', 'auxiliary', 'ordered', 'file locks'],
  ['NUMPTY', 'count', 'auxiliary', 'equal', 'pseudo-terminals'],
  ['NUMSIGINFO', 'count', 'auxiliary', 'equal', 'queued signals'],
  ['TCPSNDBUF', 'bytes', 'secondary', 'ordered', 'TCP send buffers'],
  ['TCPRCVBUF', 'bytes', 'secondary', 'ordered', 'TCP receive buffers'],
  ['OTHERSOCKBUF', 'bytes', 'secondary', 'ordered', 'UNIX socket buffers and other send buffers'],
  ['DGRAMRCVBUF', 'bytes', 'secondary', 'ordered', 'datagram receive buffers'],
  ['NUMOTHERSOCK', 'count', 'primary', 'equal', 'sockets other than TCP'],
  ['DCACHESIZE', 'bytes', 'auxiliary', 'ordered', 'pinned directory entries and inodes'],
  ['NUMFILE', 'count', 'auxiliary', 'equal', 'open files'],
  ['NUMIPTENT', 'count', 'auxiliary', 'equal', 'packet filter rules'],
  ['SWAPPAGES', 'pages', 'auxiliary', 'total', 'swap space of the container'],
];

/** A row ends in `fixed` when no profile may override its key. */
type Row = readonly [string, Syntax, Duplicates, string, (Unit | 'fixed')?, 'fixed'?];

const rows: Readonly<Record<Exclude<Group, 'beancounter' | 'later'>, readonly Row[]>> = {
  memory: [
    ['AVNUMPROC', 'ubc', 'last', 'average number of processes, for planning only', 'count'],
    ['VM_OVERCOMMIT', 'float', 'first', 'VSwap: PRIVVMPAGES is RAM and swap times this'],
    ['MEMINFO', 'meminfo', 'last', 'total memory shown inside: none, pages:N or privvmpages:N'],
  ],
  cpu: [
    ['CPUUNITS', 'ulong', 'first', 'CPU weight and guarantee, 8 to 500000, usually 1000', 'count'],
    ['CPUUWEIGHT', 'ulong', 'first', 'raw scheduler weight, obsolete', 'count'],
    ['CPULIMIT', 'cpulimit', 'first', 'CPU ceiling: percent of one CPU, or with % of the node', 'percent'],
    ['CPUS', 'ulong', 'first', 'CPUs usable at once', 'count'],
    ['CPUMASK', 'bitmap', 'first', 'CPUs to run on; auto follows NODEMASK'],
    ['NODEMASK', 'bitmap', 'first', 'NUMA nodes'],
  ],
  disk: [
    ['DISK_QUOTA', 'bool', 'first', 'disk quota on or off'],
    ['DISKSPACE', 'disk', 'first', 'disk space, soft:hard', 'KiB'],
    ['DISKINODES', 'disk', 'first', 'inodes, soft:hard', 'inodes'],
    ['QUOTATIME', 'ulong', 'first', 'how long the soft limit may be exceeded', 'seconds'],
    [
      'QUOTAUGIDLIMIT',
      'ulong',
      'first',
      'users and groups that second-level quota keeps count of; 0 is off',
      'count',
    ],
    ['IOPRIO', 'ulong', 'last', 'I/O weight, 0 to 7, higher gets more', 'count'],
    ['IOLIMIT', 'rate', 'last', 'read and write bandwidth together; 0 is none', 'bytes/s'],
    ['IOPSLIMIT', 'rate', 'last', 'I/O operations; 0 is none', '1/s'],
    ['MOUNT_OPTS', 'word', 'first', 'mount options of a ploop root'],
  ],
  identity: [
    ['VE_ROOT', 'path', 'first', 'where the root of the running container is mounted', 'fixed'],
    ['VE_PRIVATE', 'path', 'first', 'private area', 'fixed'],
    ['VE_LAYOUT', 'word', 'last', 'simfs (a folder) or ploop (an image)'],
    ['OSTEMPLATE', 'word', 'first', 'template the container was made from', 'fixed'],
    ['TEMPLATE', 'path', 'first', 'template area', 'fixed'],
    ['ORIGIN_SAMPLE', 'word', 'first', 'profile the container was made from', 'fixed'],
    ['NAME', 'text', 'first', 'name beside the number', 'fixed'],
    ['DESCRIPTION', 'text', 'first', 'free text', 'fixed'],
    ['ONBOOT', 'bool', 'first', 'start with the node'],
    ['BOOTORDER', 'ulong', 'first', 'higher starts earlier', 'count'],
    ['DISABLED', 'bool', 'first', 'may not be started'],
    ['STOP_TIMEOUT', 'ulong', 'first', 'grace before a hard stop; 0 is 120', 'seconds'],
    ['LOCAL_UID', 'ulong', 'first', 'first host user id of the user namespace; 0 is none', 'count'],
    ['LOCAL_GID', 'ulong', 'first', 'first host group id of the user namespace', 'count'],
    ['VEID', 'word', 'last', 'container number or UUID, informational', 'fixed'],
    ['DISTRIBUTION', 'word', 'last', 'distribution, where OSTEMPLATE does not tell', 'fixed'],
  ],
  network: [
    ['IP_ADDRESS', 'list', 'all', 'routed addresses, IPv4 and IPv6', 'fixed'],
    ['NETIF', 'netif', 'first', 'virtual Ethernet interfaces', 'fixed'],
    ['NETDEV', 'list', 'all', 'host network devices moved inside'],
    ['HOSTNAME', 'word', 'first', 'host name', 'fixed'],
    ['NAMESERVER', 'list', 'all', 'name servers, or inherit'],
    ['SEARCHDOMAIN', 'list', 'all', 'search domains, or inherit'],
    ['IPV6', 'bool', 'first', 'IPv6 on'],
    ['NETFILTER', 'word', 'last', 'packet filter: disabled, stateless, stateful or full'],
    ['IPTABLES', 'list', 'all', 'packet filter modules, obsolete'],
    ['VETH', 'text', 'last', 'predecessor of NETIF'],
  ],
  device: [
    ['DEVICES', 'list', 'all', 'device permissions by number'],
    ['DEVNODES', 'list', 'all', 'device permissions by name'],
    ['PCI', 'list', 'all', 'PCI devices visible inside', 'fixed'],
    ['CAPABILITY', 'switches', 'all', 'Linux capabilities on or off'],
    ['FEATURES', 'switches', 'all', 'kernel features on or off'],
  ],
  host: [
    ['VIRTUOZZO', 'bool', 'last', 'service starts with the node'],
    ['LOCKDIR', 'path', 'last', 'lock files'],
    ['DUMPDIR', 'path', 'last', 'checkpoint images'],
    ['VE0CPUUNITS', 'ulong', 'last', 'CPU weight of the host', 'count'],
    ['VE_STOP_MODE', 'word', 'last', 'suspend or stop when the service stops'],
    ['VE_PARALLEL', 'ulong', 'last', 'containers started at once', 'count'],
    ['LOGGING', 'bool', 'last', 'log at all'],
    ['LOGFILE', 'path', 'last', 'log file'],
    ['LOG_LEVEL', 'ulong', 'last', 'detail in the log', 'count'],
    ['VERBOSE', 'ulong', 'last', 'detail on the terminal', 'count'],
    ['VZFASTBOOT', 'bool', 'last', 'start with quota not yet recounted'],
    ['MODULES_DISABLED', 'bool', 'last', 'load no modules'],
    ['VE_ROUTE_SRC_DEV', 'word', 'last', 'device whose address is the source of routes'],
    ['NEIGHBOUR_DEVS', 'text', 'last', 'devices that answer neighbours'],
    ['ERROR_ON_ARPFAIL', 'bool', 'last', 'refuse an address in use'],
    ['SKIP_ARPDETECT', 'bool', 'last', 'do not look for addresses in use'],
    ['SKIP_SYSCTL_SETUP', 'bool', 'last', 'leave sysctl alone'],
    ['FORCE_ROUTE', 'bool', 'last', 'set routes always'],
    ['CONFIGFILE', 'word', 'last', 'profile of new containers'],
    ['DEF_OSTEMPLATE', 'word', 'last', 'template of new containers'],
    ['IPTABLES_MODULES', 'list', 'last', 'modules loaded on the host'],
    ['IP6TABLES', 'list', 'last', 'IPv6 modules loaded on the host'],
    ['VZWDOG', 'bool', 'last', 'watchdog'],
    ['CONFIG_CUSTOMIZED', 'bool', 'last', 'marks a changed configuration'],
  ],
};

// OpenVZ 7 and Virtuozzo: known by name so that no one calls them misspelt, and kept as they are.
const laterKeys =
  'UUID VE_TYPE TEMPLATES TECHNOLOGIES DISK ROOT_DISK JOURNALED_QUOTA CPULIMIT_MHZ CPUWEIGHT OSRELEASE HA_ENABLE HA_PRIO BINDMOUNT VE_ENVIRONMENT NOATIME AUTOSTOP AUTOCOMPACT SLMMODE SLMMEMORYLIMIT TRAFFIC_SHAPING TOTALRATE RATE RATEBOUND MEMGUARANTEE MEMGUARANTEE_BYTES PAGECACHE_ISOLATION NUMMEMORYSUBGROUPS NUMNETIF VEFORMAT VEFSTYPE';
const laterFixed = new Set(['UUID', 'TEMPLATES', 'TECHNOLOGIES', 'DISK', 'VEFORMAT', 'VEFSTYPE']);

function build(): Parameter[] {
  const all: Parameter[] = beancounterRows.map(([key, unit, ubcClass, bounds, meaning]) => ({
    key,
    group: 'beancounter',
    syntax: 'ubc',
    unit,
    ubcClass,
    bounds,
    duplicates: 'last',
    required: key !== 'SWAPPAGES',
    profile: true,
    meaning,
  }));
  for (const [group, list] of Object.entries(rows) as [Group, readonly Row[]][]) {
    for (const [key, syntax, duplicates, meaning, unit, fixed] of list) {
      const profile = unit !== 'fixed' && fixed !== 'fixed';
      const base = { key, group, syntax, duplicates, meaning, required: false, profile };
      all.push(unit === undefined || unit === 'fixed' ? base : { ...base, unit });
    }
  }
  for (const key of laterKeys.split(' ')) {
    all.push({
      key,
      group: 'later',
      syntax: 'text',
      duplicates: 'last',
      required: false,
      profile: !laterFixed.has(key),
      meaning: 'a key of OpenVZ 7, kept as it is',
    });
  }
  return all;
}

/** Every parameter, beancounters first, in the kernel's order. */
export const parameters: readonly Parameter[] = build();

const byKey = new Map(parameters.map((parameter) => [parameter.key, parameter]));

/** Older spellings, accepted on reading. */
const aliases: Readonly<Record<string, string>> = {
  DCACHE: 'DCACHESIZE',
  IPTENTRIES: 'NUMIPTENT',
  TCPSENDBUF: 'TCPSNDBUF',
};

/** The key a spelling stands for: itself, unless it is an old name. */
export function canonicalKey(key: string): string {
  return Object.hasOwn(aliases, key) ? (aliases[key] ?? key) : key;
}

/** The parameter of a key or one of its old spellings. */
export function parameterOf(key: string): Parameter | undefined {
  return byKey.get(canonicalKey(key));
}

/** The beancounters in the kernel's own order. */
export const beancounters: readonly Parameter[] = parameters.filter((p) => p.group === 'beancounter');
