// What a host has that ran containers by other means: their files where those keep them, seen by this world alone.
// SPDX-License-Identifier: Apache-2.0
import { chmod, chown, cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { busybox, type World } from './world.js';

/** Where OpenVZ, LXC and libvirt's LXC driver keep the files of a container. */
const trees = [
  '/var/lib/vz/private/105',
  '/var/lib/vz/private/106',
  '/var/lib/lxc/mail/rootfs',
  '/var/lib/libvirt/filesystems/shop',
];

/** Puts such files on the host, and starts the daemon anew to see them; what is returned takes them away. */
export async function makeOldHosts(world: World): Promise<() => Promise<void>> {
  const { enclosure, host } = world;
  await world.stop();
  const seen = (path: string): string => enclosure.path(path);
  // The folders themselves are the host's: what is written below them goes elsewhere.
  await enclosure.output('mount', '-t', 'tmpfs', 'tmpfs', '/mnt');
  for (const [index, folder] of ['/etc', '/var/lib'].entries()) {
    const [upper, work] = [`/mnt/${index}/upper`, `/mnt/${index}/work`];
    await enclosure.output('mkdir', '-p', upper, work);
    const options = `lowerdir=${folder},upperdir=${upper},workdir=${work}`;
    await enclosure.output('mount', '-t', 'overlay', 'overlay', '-o', options, folder);
  }
  for (const [index, tree] of trees.entries()) {
    // An overlay cannot be id-mapped, which the roots of containers are.
    const real = `${host}/trees/${index}`;
    await mkdir(dirname(real), { recursive: true });
    await cp(`${world.root}/lib/templates/${busybox}/rootfs`, real, {
      recursive: true,
      verbatimSymlinks: true,
    });
    await chmod(real, 0o755);
    await mkdir(`${real}/home/web`, { recursive: true });
    await writeFile(`${real}/home/web/page`, `page of ${tree}\n`);
    for (const path of ['home/web', 'home/web/page']) await chown(`${real}/${path}`, 500, 500);
    await mkdir(seen(tree), { recursive: true });
    await enclosure.output('mount', '--bind', real, tree);
  }
  // The service lxc-net makes it.
  await enclosure.output('ip', 'link', 'add', 'lxcbr0', 'type', 'bridge');
  await enclosure.output('ip', 'address', 'add', '10.0.3.1/24', 'dev', 'lxcbr0');
  await enclosure.output('ip', 'link', 'set', 'lxcbr0', 'up');
  await world.start();
  return async () => {
    await enclosure.output('ip', 'link', 'delete', 'lxcbr0');
    for (const tree of trees) await enclosure.output('umount', tree);
  };
}
