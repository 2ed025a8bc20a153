// The reference page of the walls around a domain; the tables in it are made of those that put them up.
// SPDX-License-Identifier: Apache-2.0
import { capabilityNames } from '@ctvirt/xml';
import { denials } from '../host/seccomp.js';
import { capabilitiesByNumber } from './standing.js';
import { defaultDrops } from './wanted.js';

/** Returns the page, which `npm run gen` writes. */
export function formatWalls(): string {
  const calls = Object.entries(denials).map(
    ([name, { errno, why }]) => `| \`${name}\` | ${errno} | ${why.replaceAll('|', '\\|')} |`,
  );
  const kept = capabilitiesByNumber.filter((name) => !defaultDrops.includes(name));
  const named: readonly string[] = capabilityNames;
  const unnamed = kept.filter((name) => !named.includes(name));
  return `# Walls

<!-- Written by \`npm run gen\`. -->

What stands between a container and its host, by default and without a word in its document. \`ctvirt dominfo NAME\` (over HTTP
\`walls\` in a domain's \`info\`) tells which of them stand around a domain: of a running one the kernel's own account, of one that
is off what its next start will have. A wall is \`up\`, \`loosened\` by a name, or \`down\`. Why each is as it is:
[decision 0022](../decisions/0022-kernel-surface.md).

| wall | what stands there | loosened or taken down by |
| --- | --- | --- |
| \`ids\` | Users and groups of a container are others on the host: 65536 of its own, leased to one domain alone. | \`<idmap>\`: then it is what the document says; another document's that names the same ids. |
| \`capabilities\` | All of them only towards what belongs to its user namespace; without ${defaultDrops.join(', ')} even there. | \`<features><capabilities>\`, each by name; ${unnamed.join(', ')}, which libvirt has no names for, all together by \`policy='deny'\`. |
| \`system-calls\` | A filter refuses the calls of the table below, to init and to every program that enters later, in 64 and 32 bits. | \`<features><seccomp><allow name='…'/></seccomp>\` one, \`<seccomp policy='off'/>\` all. |
| \`apparmor\` | Where the kernel has AppArmor and the host its parser: one profile for all containers of a daemon. They write nothing of /proc/sys and /sys but what is a namespace's own, trace and signal nobody but themselves, mount no file system that shows the host, and, from Linux 6.2 on, open no socket to the hypervisor (vsock). | \`<features><apparmor policy='off'/>\` |
| \`no-new-privileges\` | Setuid files give no rights. Down by default, since a system with users of its own has sudo; up where init begins without root (\`<inituser>\`). | \`<features><no_new_privileges state='on'/>\` or \`'off'\` |
| \`processes\` | At most so many processes at once. | \`NUMPROC\`, see [parameters](parameters.md) |
| \`network\` | Interfaces, addresses, routes and rules of its own, even without any interface. Rules of nftables on the host let its links send from its own addresses alone. | \`trustGuestRxFilters='yes'\` on an \`<interface>\`; a bridge's link without an \`<ip>\` of a family, which then sends from any address of it that no domain, gateway or host has; the VLANs of a trunk, in which it sends from any address that no other domain has; a macvlan; a link of the host that it is given (\`<hostdev type='net'>\`). |
| \`folders\` | Nothing of the host's file tree but what the document names. What a container writes in a folder of the host's, the host's programs may read and run: its root is root on those files. | \`<filesystem type='mount'>\` without \`<readonly/>\`, the root folder among them |

A capability loosens no other wall: \`<sys_module state='on'/>\` is a capability in the container's user namespace, where the
kernel loads no modules for it, with the call allowed or not. Neither does \`<mknod state='on'/>\` give devices: the kernel lets
nobody make a device node in a user namespace, and every mount of the container is \`nodev\` but its own /dev, which has what
liblxc puts there, and the character devices that \`<hostdev type='misc'>\` names (/dev/net/tun, /dev/fuse): each as a node that the
container's root owns. That, and no rule of the devices controller, keeps a container from the host's devices.

## System calls

EPERM is what the kernel itself answers without rights over the host; ENOSYS what a kernel answers that was built without the
call, so that programs take the way they have for those. \`<allow name='…'/>\` takes one of these names.

| call | answer | why |
| --- | --- | --- |
${calls.join('\n')}

What this filter does not look at:

- Sockets of the kind vsock, which reach the hypervisor of a host that is a virtual machine: no program opens one, whatever its
  document says, since the daemon has a filter against them that all inherit. 32-bit programs of x86, which ask by socketcall, are
  held back by AppArmor alone, from Linux 6.2 on.
- personality(2), which Docker limits to four values: what is left of it since Linux 4.1 concerns the process alone.

## Sysctls

A container's root writes in /proc/sys what is its namespaces' own: \`net.*\`, \`kernel.shm*\`, \`kernel.msg*\`, \`kernel.sem\`, \`fs.mqueue.*\`
and \`user.*\`. All else belongs to the host's root, and the kernel refuses it. Where \`<idmap>\` makes one of the container's ids the
host's root, /proc/sys is read-only but for \`net\`: a root that mounts a /proc of its own is then held back by AppArmor alone.

## What honest programs cannot do

- Real-time scheduling (SCHED_FIFO, SCHED_RR, SCHED_DEADLINE) and a negative nice: they take processors from everybody on the host.
- Overlay on overlay: a container's root of kind template is one. Stores of containers (podman, Docker) want a file system of their own,
  such as \`<filesystem type='file'>\`, or the driver vfs.
- /proc and /sys in a user namespace within: where lxcfs and liblxc cover files of the container's own /proc, the kernel lets no inner user
  namespace mount an uncovered one. Containers without root in a container (rootless podman, \`unshare -Urpf --mount-proc\`, bubblewrap's
  \`--proc\`) bind the outer one, or run as the container's root.
- Access control lists and attributes \`user.*\` of an imported archive: they are left out, and setuid bits and file capabilities kept.

## Capabilities

Kept: ${kept.join(', ')}.

Dropped: ${defaultDrops.join(', ')}.
`;
}
