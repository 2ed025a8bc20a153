// A domain on btrfs with a file of 200 MB that is changed all the time goes to a host on btrfs: down for how long, by streams against archives.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { altering } from '../../e2e/dist/world/altered-link.js';
import { byTurns, median, ms } from '../measure.mjs';
import { ctvirt, inside, withRoots } from './sides.mjs';

/** 4 KB twenty times a second somewhere in it; it ends when it is asked to. */
const program = `trap 'exit 0' TERM PWR USR1 USR2 INT; n=0
  while :; do n=$(((n * 7919 + 104729) % 50000)); [ -e /srv/disk ] && dd if=/dev/urandom of=/srv/disk bs=4k seek=$n count=1 conv=notrunc 2>/dev/null; sleep 0.05; done`;
const domain = `<domain type='lxc'><name>one</name><memory unit='MiB'>512</memory>
  <os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg><initarg>${program.replaceAll('&', '&amp;')}</initarg></os>
  <devices><filesystem type='template'><source name='busybox'/><target dir='/'/></filesystem></devices></domain>`;

/** @type {import('../measure.mjs').Row} */
export const streams = {
  name: 'streams',
  run: ({ note, rounds = 3 }) =>
    withRoots('btrfs', (near) => withRoots('btrfs', (far) => measured({ near, far, note, rounds }))),
};

/** @param {{ near: import('../daemon.mjs').Daemon, far: import('../daemon.mjs').Daemon, note: import('../../scripts/steps.mjs').Note, rounds: number }} sides */
async function measured({ near, far, note, rounds }) {
  await near.client.domains.define({ body: domain });
  await ctvirt(near, 'start', 'one');
  note('writing 200 MB');
  await inside(
    near,
    'one',
    'sh',
    '-c',
    'head -c 200000000 /dev/urandom >/srv/new; mv /srv/new /srv/disk; sync',
  );
  /** @param {string} name @param {Readonly<Record<string, string>>} words */
  const linked = (name, words) =>
    Promise.all(
      [near, far].map(async ({ layout, folder }) => {
        const path = join(folder, name);
        return { path, link: await altering(path, layout.libvirtSocket, words) };
      }),
    );
  const present = await linked('present', {});
  // What a host of an earlier version does not say: it is sent archives.
  const earlier = await linked('earlier', { '"streams"': '"unknown"' });
  let bytes = 0;
  /** @param {typeof present} to */
  const thereAndBack = async (to) => {
    let down = 0;
    for (const [from, { path }] of /** @type {const} */ ([
      [near, to[1]],
      [far, to[0]],
    ])) {
      const body = { to: `ctvirt+unix:///system?socket=${path}` };
      const { downMs, passes, streamed } = await from.client.domains.move({ domain: 'one', body });
      if ((streamed !== undefined) !== (to === present)) throw new Error('it went the wrong way');
      bytes = passes.at(-1)?.bytes ?? 0;
      down += (downMs ?? Number.NaN) / 2;
    }
    return down;
  };
  const last = { ours: 0, theirs: 0 };
  const times = await byTurns(
    rounds,
    {
      ours: async () => {
        const down = await thereAndBack(present);
        last.ours = bytes;
        return down;
      },
      theirs: async () => {
        const down = await thereAndBack(earlier);
        last.theirs = bytes;
        return down;
      },
    },
    note,
  );
  for (const { link } of [...present, ...earlier]) await link[Symbol.asyncDispose]();
  note(`the last pass: ${last.ours} bytes against ${last.theirs}`);
  const [ours, theirs] = [median(times.ours), median(times.theirs)];
  return [
    {
      what: 'a move of a file of 200 MB that is changed, for how long it is down: streams of btrfs, against archives',
      ours: ms(ours),
      theirs: ms(theirs),
      ratio: ours / theirs,
      reach: '≤ 0.5 ×',
      ok: ours / theirs <= 0.5,
      times,
    },
  ];
}
