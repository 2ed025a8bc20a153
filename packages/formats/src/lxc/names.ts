// Names of liblxc and what a document calls the same: architectures, capabilities by their numbers.
// SPDX-License-Identifier: Apache-2.0

/** By liblxc's name. `linux32` and `linux64` say how programs see the host; most hosts are PCs. */
const arches: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['athlon', 'i386', 'i486', 'i586', 'i686', 'linux32', 'x86'].map((name) => [name, 'i686']),
  ),
  ...Object.fromEntries(['amd64', 'linux64', 'x86_64'].map((name) => [name, 'x86_64'])),
  arm: 'armv7l',
  armhf: 'armv7l',
  armv7l: 'armv7l',
  armel: 'armv6l',
  arm64: 'aarch64',
  aarch64: 'aarch64',
  powerpc: 'ppc',
  ppc: 'ppc',
  powerpc64: 'ppc64',
  ppc64: 'ppc64',
  ppc64el: 'ppc64le',
  ppc64le: 'ppc64le',
  mips: 'mips',
  mipsel: 'mipsel',
  mips64: 'mips64',
  mips64el: 'mips64el',
  riscv64: 'riscv64',
  s390x: 's390x',
  loongarch64: 'loongarch64',
  loong64: 'loongarch64',
};

/** The architecture of a document; undefined for a name that liblxc refuses. */
export const archOf = (name: string): string | undefined =>
  Object.hasOwn(arches, name) ? arches[name] : undefined;

/** What liblxc calls it where its name differs. */
const written: Readonly<Record<string, string>> = { x86_64: 'amd64', armv6l: 'armel' };

/** liblxc's name of a document's architecture; undefined for one that it does not know. */
export function archName(arch: string): string | undefined {
  const name = (Object.hasOwn(written, arch) ? written[arch] : undefined) ?? arch;
  return archOf(name) === undefined ? undefined : name;
}

/** By number, as the kernel has them. */
const capabilities = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
  'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin ' +
  'sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override ' +
  'mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ');

/** A capability's name; liblxc takes its number too. */
export const capabilityNamed = (word: string): string =>
  /^\d{1,3}$/.test(word) ? (capabilities[Number(word)] ?? word) : word;
