// The AppArmor profile around containers: a whole system may do all with what is its own, and nothing to what is the host's.
// SPDX-License-Identifier: Apache-2.0

/** Of /proc/sys what the kernel keeps for each namespace; `/` and `*` end what lies below. */
const ownSysctls = [
  ...['kernel/hostname', 'kernel/domainname', 'kernel/shm*', 'kernel/msg*', 'kernel/sem*'],
  ...['fs/mqueue/', 'user/', 'net/'],
] as const;

/**
 * What of these trees a container may write. runc writes to a proc that is mounted nowhere, whose paths begin at its own root,
 * so that its sys/ reads like a sysfs; no sysfs has a file of such a name.
 */
const writable = {
  '/proc/sys/': ownSysctls,
  '/sys/': ['fs/cgroup/', 'class/net/', 'devices/virtual/net/', ...ownSysctls],
} as const;

/** Of file systems whose content is the host's. */
const foreign = [
  'debugfs',
  'tracefs',
  'securityfs',
  'configfs',
  'pstore',
  'bpf',
  'efivarfs',
  'selinuxfs',
  'smackfs',
];

/**
 * The version of AppArmor's rules that this kernel is to hold a container to. Before Linux 6.2 a kernel that mediates sockets
 * lets nobody lock one, and no rule can allow it: systemd does so wherever a service gets a namespace of its own or a user for
 * the time it runs. There the older version is named, in which such a kernel has nothing to say about sockets.
 */
function abiFor(kernel: string): string {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return major > 6 || (major === 6 && minor >= 2) ? '3.0' : 'kernel-5.4-outoftree-network';
}

/**
 * One for all containers of a daemon: who may do what to whom among them is for their user namespaces to say, which are apart.
 * The name begins as Debian's profile of lxc-start wants it.
 */
export function profileText(name: string, kernel: string): string {
  const denied = Object.entries(writable).flatMap(([top, names]) =>
    allBut(names).map((pattern) => `deny ${top}${pattern}{,/**} wklx,`),
  );
  const rules = [
    ...['capability,', 'file,', 'dbus,', 'mount,', 'umount,', 'pivot_root,', 'network,'],
    // It reaches the hypervisor below the host, whatever network the container has. See `abiFor` for where this says nothing.
    'deny network vsock,',
    // Their own kind alone, but the host may do what it wants to them.
    ...['signal (receive),', 'signal peer=@{profile_name},'],
    ...['ptrace (readby, tracedby),', 'ptrace peer=@{profile_name},'],
    ...['unix (receive),', 'unix peer=(label=@{profile_name}),'],
    `deny mount fstype=(${foreign.join(',')}),`,
    ...['deny /proc/kcore rwklx,', 'deny /proc/acpi/** rwklx,', 'deny /proc/bus/** wklx,'],
    // Wherever else the container mounts a /proc or a /sys.
    'deny /{,**/}sys/kernel/{core_pattern,hotplug,modprobe,poweroff_cmd} wklx,',
    'deny /{,**/}{sysrq-trigger,uevent_helper} wklx,',
    'deny /sys/kernel/{debug,security,tracing}/** rwklx,',
    ...denied,
  ];
  return `abi <abi/${abiFor(kernel)}>,
profile "${name}" flags=(attach_disconnected,mediate_deleted) {
${rules.map((rule) => `  ${rule}\n`).join('')}}
`;
}

/** Patterns of every name but these; AppArmor has no word for it. */
export function allBut(names: readonly string[]): string[] {
  const patterns: string[] = [];
  const below = (prefix: string): void => {
    if (names.some((name) => /[/*]$/.test(name) && name.replace(/\*$/, '') === prefix)) return;
    if (names.includes(prefix)) {
      patterns.push(`${prefix}?*`);
      return;
    }
    const next = new Set(
      names.filter((name) => name.startsWith(prefix)).map((name) => name.charAt(prefix.length)),
    );
    patterns.push(`${prefix}[^${[...next].join('')}]*`);
    for (const char of next) below(`${prefix}${char}`);
  };
  below('');
  return patterns;
}
