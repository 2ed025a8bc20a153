// `virsh start` of a sleeping container: here, and on libvirt's own LXC driver.
// SPDX-License-Identifier: Apache-2.0
import { cpSync, existsSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleepingDomain } from '../domains.mjs';
import { byTurns, median, ms } from '../measure.mjs';
import { withOwnLibvirtd } from './own-libvirtd.mjs';
import { python, virsh, withOurs } from './sides.mjs';

const rounds = 15;
const reach = 0.5;

/** Its domain has a root of its own: without one that driver would run the host's init on the host's root. */
const theirDomain = (/** @type {string} */ root) => `<domain type='lxc'>
  <name>one</name>
  <memory unit='MiB'>64</memory>
  <os><type>exe</type><init>/bin/sleep</init><initarg>infinity</initarg></os>
  <features><privnet/></features>
  <devices>
    <filesystem type='mount'><source dir='${root}'/><target dir='/'/></filesystem>
    <console type='pty'/>
  </devices>
</domain>`;

/** Control groups that driver makes at the top of each hierarchy. */
const theirGroups = () =>
  readdirSync('/sys/fs/cgroup').flatMap((name) =>
    ['machine', 'machine.slice'].map((group) => join('/sys/fs/cgroup', name, group)),
  );

/**
 * @template T
 * @param {string} template
 * @param {(uri: string) => Promise<T>} work
 */
async function withLxcDriver(template, work) {
  const folder = mkdtempSync('/tmp/ctb-lxc-');
  const before = new Set(theirGroups().filter((path) => existsSync(path)));
  const root = join(folder, 'root');
  cpSync(template, root, { recursive: true, verbatimSymlinks: true });
  try {
    return await withOwnLibvirtd(folder, 'lxc', async (uri) => {
      if (!existsSync(join(root, 'bin/sleep'))) throw new Error(`${root} is no root of a container`);
      const file = join(folder, 'one.xml');
      writeFileSync(file, theirDomain(root));
      await virsh(uri, 'define', file);
      if (!(await virsh(uri, 'dumpxml', 'one')).stdout.includes("<target dir='/'/>"))
        throw new Error('libvirt took the root out of the domain: it must not be started');
      return await work(uri);
    });
  } finally {
    /** @param {string} path */
    const remove = (path) => {
      if (!existsSync(path)) return;
      for (const entry of readdirSync(path, { withFileTypes: true }))
        if (entry.isDirectory()) remove(join(path, entry.name));
      rmdirSync(path);
    };
    for (const path of theirGroups()) if (!before.has(path)) remove(path);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} uri */
async function startAndDestroy(uri) {
  const { ms: took } = await virsh(uri, 'start', 'one');
  await virsh(uri, 'destroy', 'one');
  return took;
}

/**
 * Nothing but what virsh itself and its connection take: the floor of either side.
 *
 * @param {string} uri
 */
const ask = async (uri) => (await virsh(uri, 'domid', 'one')).ms;

/** The call alone, on a connection that is open. */
const script = `
import libvirt, sys, time
connection = libvirt.open(sys.argv[1])
domain = connection.lookupByName('one')
began = time.perf_counter()
domain.create()
print((time.perf_counter() - began) * 1e3)
domain.destroy()
`;
/** @param {string} uri */
const call = async (uri) => Number(await python(script, uri));

/** @type {import('../measure.mjs').Row} */
export const start = {
  name: 'start',
  run: ({ note }) =>
    withOurs(({ daemon, uri }) =>
      withLxcDriver(join(daemon.layout.templates, 'busybox', 'rootfs'), async (theirUri) => {
        await daemon.client.domains.define({ body: sleepingDomain('one') });
        /** @type {(what: string, measure: (uri: string) => Promise<number>, wanted?: number) => Promise<import('../measure.mjs').Result>} */
        const row = async (what, measure, wanted) => {
          const sides = { ours: () => measure(uri), theirs: () => measure(theirUri) };
          const times = await byTurns(rounds, sides, note);
          const [ours, theirs] = [median(times.ours), median(times.theirs)];
          const ratio = ours / theirs;
          const judged = wanted === undefined ? {} : { reach: `≤ ${wanted} ×`, ok: ratio <= wanted };
          return { what, ours: ms(ours), theirs: ms(theirs), ratio, ...judged };
        };
        return [
          await row(
            "virsh start of a sleeping container, whole command, median; theirs: libvirt's LXC driver",
            startAndDestroy,
            reach,
          ),
          await row('virsh domid, which does nothing: what of it is virsh and its connection', ask),
          await row('the start alone: domain.create() of libvirt-python on an open connection', call),
        ];
      }),
    ),
};
