// Domains on btrfs go to a host that has it, too, as streams of its own: whole, by what changes, and as archives where that cannot be.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { after, afterEach, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { altering } from '../world/altered-link.js';
import { output, run } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { type Ground, grounds, openGround } from '../world/ground.js';
import { layerTold, layerWork } from '../world/layer-work.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';
import { linesOf, writing } from '../world/written.js';

const name = 'shop';
const MiB = 2 ** 20;
/** Of a daemon that is killed in a move. */
const ROUNDS = Number(process.env['CTVIRT_MOVE_ROUNDS'] ?? 4);

suite('between hosts on btrfs', {
  skip: grounds.includes('btrfs') ? false : 'this host has no btrfs',
}, () => {
  const disks: Ground[] = [];
  let near: World;
  let far: World;
  before(async () => {
    for (let count = 0; count < 2; count++) disks.push(await openGround('btrfs', 1024 * MiB));
    // One of them counts what subvolumes hold.
    await output(['btrfs', 'quota', 'enable', disks[1]?.folder ?? assert.fail()]);
    near = await World.open({ parent: disks[0]?.folder ?? assert.fail() });
    far = await World.open({ parent: disks[1]?.folder ?? assert.fail() });
  });
  afterEach(async () => {
    for (const world of [near, far]) await world.clearKept();
    assert.deepEqual(await subvolumes(), [[], []]);
  });
  after(async () => {
    await near.close();
    await far.close();
    for (const disk of disks) await disk[Symbol.asyncDispose]();
  });

  /** Of both disks, by their paths from the folders of the domains on. */
  const subvolumes = async (): Promise<string[][]> => {
    const found: string[][] = [];
    for (const { folder } of disks) {
      const lines = (await output(['btrfs', 'subvolume', 'list', folder])).split('\n');
      found.push(lines.flatMap((line) => /\/roots\/(.*)$/.exec(line)?.[1] ?? []).sort());
    }
    return found;
  };

  const work = `${layerWork}head -c 20000000 /dev/urandom >/srv/bulk`;
  const told = layerTold('srv/bulk');

  const begin = async (): Promise<void> => {
    await near.run(domainXml({ name, program: writing, filesystems: [templateRoot] }));
    await near.shell(name, work);
  };
  const move = (from: World, to: string, more = {}) =>
    from.client.domains.move({ domain: name, body: { to, ...more } });
  /** The writer's log has no gap. */
  const assertWritten = async (world: World): Promise<void> => {
    assert.ok(linesOf(`${await world.shell(name, 'cat /srv/log')}\n`, name) > 10);
  };

  test('what changes while it runs goes by what differs, and all of it is there', async () => {
    await begin();
    const snapshot = { domain: name, body: { name: 'first' } };
    await near.client.snapshots.create(snapshot);
    await near.shell(name, 'echo second >/srv/work/second');
    const before = await near.shell(name, told);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      const { streamed, passes, findings } = await move(from, to.uri('ctvirt'));
      assert.deepEqual([streamed, findings], [['/'], []]);
      assert.equal(passes[0]?.snapshot, 'first');
      assert.ok((passes[0]?.bytes ?? 0) > 20e6, JSON.stringify(passes));
      for (const { bytes } of passes.slice(1)) assert.ok(bytes < 1e6, JSON.stringify(passes));
      assert.equal(await to.shell(name, told), before);
      await assertWritten(to);
      const own = [`${name}/root.layer`, `${name}/snapshots/first/root.layer`];
      await waitFor('nothing more to be kept', async () => {
        const found = await subvolumes();
        const at = to === far ? 1 : 0;
        return found[at]?.join() === own.join() && !found.flat().some((path) => path.includes('.stream'));
      });
    }
    await near.client.snapshots.revert({ domain: name, snapshot: 'first', body: {} });
    assert.equal(await near.shell(name, 'cat /srv/work/hers; ls /srv/work/second 2>&1 | wc -l'), 'hers\n1');
  });

  test('a host that knows no such streams gets archives', async () => {
    await begin();
    const before = await near.shell(name, told);
    const path = `${near.host}/old`;
    await using _link = await altering(path, `${far.root}/run/libvirt-sock`, { '"streams"': '"unknown"' });
    const { streamed, findings } = await move(near, `ctvirt+unix:///system?socket=${path}`);
    assert.deepEqual([streamed, findings], [undefined, []]);
    assert.equal(await far.shell(name, told), before);
    await assertWritten(far);
  });

  test('where a stream is refused archives take its place, and that is told', async () => {
    await begin();
    const before = await near.shell(name, told);
    const path = `${near.host}/wrong`;
    await using _link = await altering(path, `${far.root}/run/libvirt-sock`, {
      'btrfs-stream': 'btrfs-strXam',
    });
    const { streamed, findings } = await move(near, `ctvirt+unix:///system?socket=${path}`);
    assert.equal(streamed, undefined);
    assert.match(
      findings.join(),
      /its files at \/ went as archives, since streams of its layer failed: .*btrfs/,
    );
    assert.equal(await far.shell(name, told), before);
    await assertWritten(far);
  });

  test('what somebody put into a subvolume of its own goes, beside a snapshot, too', async () => {
    await begin();
    const nested = `${near.root}/lib/roots/${name}/root.layer/upper/srv/nested`;
    await output(['btrfs', 'subvolume', 'create', nested]);
    await near.shell(name, 'echo text >/srv/nested/file');
    await near.client.snapshots.create({ domain: name, body: { name: 'first' } });
    const { findings } = await move(near, far.uri('ctvirt'));
    assert.match(findings.join(), /went as archives.*the place of a subvolume/);
    assert.equal(await far.shell(name, 'cat /srv/nested/file'), 'text');
    await assertWritten(far);
  });

  test('where the disk fills up in the middle it stays, runs on, and nothing is left there', async () => {
    await begin();
    const slow = refused('no-space', move(near, far.uri('ctvirt'), { bytesPerSecond: 2_000_000 }));
    await waitFor('a stream to be under way', async () =>
      (await subvolumes()).every((disk) => disk.some((path) => path.includes('.stream-root/1'))),
    );
    const ballast = `${far.host}/ballast`;
    const { stderr } = await run(['dd', 'if=/dev/zero', `of=${ballast}`, 'bs=1M']);
    assert.match(stderr, /No space left/);
    const { message } = await slow;
    assert.match(message, /there is no room for the files of domain 'shop', and not all of them/);
    assert.deepEqual(await subvolumes(), [[`${name}/root.layer`], []]);
    assert.match(await near.state(name), /^running/);
    await rm(ballast);
    assert.deepEqual((await move(near, far.uri('ctvirt'))).streamed, ['/']);
    await assertWritten(far);
  });

  for (const killed of ['source', 'target'] as const)
    test(`it stays when the ${killed}'s daemon is killed in the middle of a stream, and nothing else does`, async () => {
      await begin();
      const slow = move(near, far.uri('ctvirt'), { bytesPerSecond: 6_000_000 });
      const outcome = slow.then(
        () => 'moved',
        (error: unknown) => String(error),
      );
      await waitFor('a stream to be under way', async () =>
        (await subvolumes()).every((disk) => disk.some((path) => path.includes('.stream-root/1'))),
      );
      await sleep(500);
      const world = killed === 'source' ? near : far;
      await world.kill();
      await world.start();
      assert.notEqual(await outcome, 'moved');
      const isSettled = async (): Promise<boolean> => {
        const [here = [], there = []] = await subvolumes();
        const isOver = ![near, far].some((one) =>
          readdirSync(`${one.root}/lib/roots`).some((entry) => /^\.(new|coming|gone)-/.test(entry)),
        );
        return isOver && here.join() === `${name}/root.layer` && there.length === 0;
      };
      await waitFor('it to be settled', isSettled, 60_000).catch(async (error: unknown) =>
        assert.fail(`${String(error)}: ${JSON.stringify(await subvolumes())}\n${near.log}\n${far.log}`),
      );
      await waitFor('it to run', async () => (await near.state(name)).startsWith('running'));
      await assertWritten(near);
      const { streamed } = await move(near, far.uri('ctvirt'));
      assert.deepEqual(streamed, ['/']);
      await assertWritten(far);
    });

  test('whichever daemon is killed at whatever moment, one host has it, whole, and nothing is kept of its way', async (context) => {
    await begin();
    await near.client.snapshots.create({ domain: name, body: { name: 'first' } });
    const names = async (world: World) => (await world.client.domains.list()).map((one) => one.name);
    let from = near;
    for (let round = 0; round < ROUNDS; round++) {
      const to = from === near ? far : near;
      const killed = round % 2 === 0 ? from : to;
      const moved = move(from, to.uri('ctvirt')).then(() => 'moved', String);
      const afterMs = Math.round(Math.random() * 5000);
      await sleep(afterMs);
      await killed.kill();
      await killed.start();
      const outcome = await moved;
      const whose = `${killed === from ? 'source' : 'target'} killed after ${afterMs} ms: ${outcome}`;
      const isSettled = async (): Promise<boolean> => {
        const holders = [];
        for (const world of [near, far]) if ((await names(world)).includes(name)) holders.push(world);
        const [holder] = holders;
        if (holders.length !== 1 || holder === undefined) return false;
        if (!(await holder.state(name)).startsWith('running')) return false;
        from = holder;
        const isPart = (file: string): boolean =>
          /\/(moving\.json|\.coming-|\.new-|\.gone-|\.stream-)/.test(file);
        const left = [near, far].flatMap((world) => world.files()).filter((file) => !file.includes('~'));
        return !left.some(isPart) && !(await subvolumes()).flat().some((path) => path.includes('.stream-'));
      };
      await waitFor(`round ${round} to be settled (${whose})`, isSettled, 90_000).catch(
        async (error: unknown) =>
          assert.fail(`${String(error)}\n${JSON.stringify(await subvolumes())}\n${near.log}\n${far.log}`),
      );
      context.diagnostic(`${whose}, at the ${from === to ? 'target' : 'source'}`);
      assert.equal(await from.shell(name, 'cat /srv/work/hers; stat -c %s /srv/bulk'), 'hers\n20000000');
      await assertWritten(from);
      const snapshots = await from.client.snapshots.list({ domain: name });
      assert.deepEqual(
        snapshots.map((one) => one.name),
        ['first'],
      );
    }
  });
});
