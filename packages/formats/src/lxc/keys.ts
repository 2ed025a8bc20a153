// Every configuration key of liblxc: its old name, what a second line of it does, what its value must look like.
// SPDX-License-Identifier: Apache-2.0

/** What liblxc does with a key's second line. */
export type Repeat = 'append' | 'replace';

/** The shape a value must have for liblxc to read it as meant. */
export type Shape = 'flag' | 'count' | 'word' | 'text' | 'mount' | 'idmap' | 'path';

/** One configuration key of liblxc, or a family of them. */
export interface LxcKey {
  /** Name without `lxc.`; a trailing dot stands for a family (`prlimit.` and any name). */
  readonly name: string;
  readonly repeat: Repeat;
  readonly shape: Shape;
  /** Name in LXC 2.0 and before, where it differed. */
  readonly old?: string;
}

// Blank-separated, `=` before an old name: compact enough to compare with the manual page at a glance.
const table: Readonly<Record<Repeat, Readonly<Record<Shape, string>>>> = {
  replace: {
    flag: 'ephemeral rootfs.managed autodev start.auto monitor.unshare monitor.signal.pdeath no_new_privs apparmor.allow_incomplete=aa_allow_incomplete apparmor.allow_nesting seccomp.allow_nesting cgroup.relative sched.core keyring.session',
    count:
      'init.uid=init_uid init.gid=init_gid start.delay start.order console.rotate pty.max=pts tty.max=tty log.level=loglevel hook.version',
    word: 'uts.name=utsname arch signal.halt=haltsignal signal.reboot=rebootsignal signal.stop=stopsignal console.size console.buffer.size autodev.tmpfs.size time.offset.boot time.offset.monotonic namespace.share. prlimit.=limit.',
    path: 'rootfs.path=rootfs rootfs.mount mount.fstab=mount init.cwd console.path=console console.logfile tty.dir=devttydir log.file=logfile log.syslog=syslog cgroup.dir cgroup.dir.monitor cgroup.dir.monitor.pivot cgroup.dir.container cgroup.dir.container.inner seccomp.profile=seccomp include',
    text: 'rootfs.options init.cmd=init_cmd init.groups execute.cmd apparmor.profile=aa_profile selinux.context=se_context selinux.context.keyring seccomp.notify.proxy seccomp.notify.cookie namespace.clone namespace.keep sysctl. proc.',
    mount: '',
    idmap: '',
  },
  append: {
    flag: '',
    count: '',
    word: '',
    path: '',
    text: 'environment group mount.auto cap.drop cap.keep apparmor.raw hook. cgroup. cgroup2.',
    mount: 'mount.entry',
    idmap: 'idmap=id_map',
  },
};

/** Keys of one interface, `lxc.net.N.…`. */
const netTable: Readonly<Record<'replace' | 'append', string>> = {
  replace:
    'type flags link name hwaddr mtu l2proxy ipv4.gateway ipv6.gateway script.up script.down veth.mode veth.pair veth.vlan.id veth.n_rxqueues veth.n_txqueues vlan.id macvlan.mode ipvlan.mode ipvlan.isolation',
  append: 'ipv4.address=ipv4 ipv6.address=ipv6 veth.ipv4.route veth.ipv6.route veth.vlan.tagged.id',
};
const netText = new Set(['ipv4.address', 'script.up', 'script.down']);
const netOwn = new Set(['ipv4', 'ipv6']);

const list = (words: string): [string, string | undefined][] =>
  words
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [name = '', old] = word.split('=');
      return [name, old];
    });

const withOld = (key: LxcKey, old: string | undefined): LxcKey => (old === undefined ? key : { ...key, old });

function build(): LxcKey[] {
  const keys: LxcKey[] = [];
  for (const repeat of ['replace', 'append'] as const) {
    for (const shape of ['flag', 'count', 'word', 'path', 'text', 'mount', 'idmap'] as const)
      for (const [name, old] of list(table[repeat][shape])) keys.push(withOld({ name, repeat, shape }, old));
    for (const [name, old] of list(netTable[repeat]))
      keys.push(withOld({ name: `net.N.${name}`, repeat, shape: netText.has(name) ? 'text' : 'word' }, old));
  }
  return keys;
}

/** Every key, families last among their kind. */
export const lxcKeys: readonly LxcKey[] = build();

const families = lxcKeys.filter(({ name }) => name.endsWith('.'));
const byName = new Map(lxcKeys.filter((key) => !families.includes(key)).map((key) => [key.name, key]));
const byOld = new Map(lxcKeys.flatMap((key) => (key.old === undefined ? [] : [[key.old, key] as const])));

/** The key of `lxc.NAME`, present names only; an interface's number becomes `N`. */
export function lxcKeyOf(name: string): LxcKey | undefined {
  const plain = name.replace(/^net\.\d{1,5}\./, 'net.N.');
  return (
    byName.get(plain) ?? families.find((family) => plain.startsWith(family.name) && plain !== family.name)
  );
}

/** The present name of an old one (without `lxc.`), or undefined where it is no old name. */
export function presentName(old: string): string | undefined {
  const key = byOld.get(old);
  if (key !== undefined && !key.name.startsWith('net.N.')) return key.name;
  const net = /^network\.(\d{1,5}\.)?(.+)$/.exec(old);
  if (net?.[2] !== undefined) {
    const sub = netOwn.has(net[2]) ? `${net[2]}.address` : net[2];
    return byName.has(`net.N.${sub}`) ? `net.${net[1] ?? 'N.'}${sub}` : undefined;
  }
  const family = [...byOld].find(([prefix]) => prefix.endsWith('.') && old.startsWith(prefix));
  return family === undefined ? undefined : family[1].name + old.slice(family[0].length);
}

/** Keys of releases before 2.1 that no release since has, and what became of what they said. */
const removed: Readonly<Record<string, string>> = {
  pivotdir: 'a key of LXC before 2.1, removed since: the root needs no such folder any more',
  kmsg: 'a key of LXC before 2.1, removed since: /dev/kmsg is what the container makes of it',
  'rootfs.backend':
    'a key of LXC before 2.1, removed since: the kind of storage stands before the path in rootfs.path',
};

/** Why a key that some release had means nothing now; undefined for a word that never was a key. */
export const removedKey = (name: string): string | undefined =>
  Object.hasOwn(removed, name) ? removed[name] : undefined;
