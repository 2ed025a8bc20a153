// Whose ids the files of a layer have on disk, and whom it is shown with which: part of what every way of keeping one is asked.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { release } from 'node:os';
import { test } from 'node:test';
import type { DiskLimit } from '../storage/index.js';
import type { LayerIds } from '../storage/layers/layer.js';
import { type Container, FIRST_ID, type LayerWorld, mapFrom } from './layer-world.js';

/** Linux before 6.2 maps ACLs of a layer one way alone, or not at all, by its file system: what it says of them is not asked. */
const [major = 0, minor = 0] = release().split('.').map(Number);
const mapsAcls = major > 6 || (major === 6 && minor >= 2);

/** Where it is opened again. */
const ELSEWHERE = 2_000_000;

export interface Owned {
  readonly ids: LayerIds;
  readonly wanted: DiskLimit | undefined;
  readonly inWorld: (use: (world: LayerWorld) => Promise<void>) => Promise<void>;
}

export function ownership({ ids, wanted, inWorld }: Owned): void {
  /** Seen as it lies there, with nobody's numbers changed. */
  const onDisk = { map: mapFrom(FIRST_ID), forHost: ids === 'container' };

  test(`on disk its files have the ids of the ${ids}, in capabilities and ACLs too`, () =>
    inWorld(async (world) => {
      await world.create(wanted);
      await world.run(wanted, (container) => dress(container, FIRST_ID));
      await world.assertNothingHeld();
      assert.deepEqual(await world.run(wanted, look, onDisk), dressed(ids === 'container' ? 0 : FIRST_ID));
    }));

  test('the host is shown the numbers of the container, and what it writes is of those', () =>
    inWorld(async (world) => {
      await world.create(wanted);
      await world.run(wanted, (container) => dress(container, FIRST_ID));
      await world.run(
        wanted,
        (container) => {
          assert.deepEqual(look(container), dressed(0));
          container.run(['sh', '-c', 'chown 33:33 program && echo x > made && rm below']);
        },
        { forHost: true },
      );
      await world.run(wanted, async (container) => {
        assert.equal(await container.enter('stat -c %u:%g program made'), '33:33\n0:0\n');
        await container.enter('rm program made && echo x > below && mkdir -p a/b && mv a c');
      });
    }));

  test('where no lease can be read, what lies there tells whose they are', () =>
    inWorld(async (world) => {
      await world.create(wanted);
      await world.run(wanted, (container) => dress(container, FIRST_ID));
      assert.deepEqual(await world.run(wanted, look, { isSaid: false }), dressed(FIRST_ID));
    }));

  if (ids === 'container') ofTheContainer({ wanted, inWorld });
}

function ofTheContainer({ wanted, inWorld }: Omit<Owned, 'ids'>): void {
  test('opened again with other ids of the host: all is there under those, and nothing on disk has changed', () =>
    inWorld(async (world) => {
      const elsewhere = { map: mapFrom(ELSEWHERE) };
      const times = () => world.run(wanted, timesOf, { forHost: true });
      await world.create(wanted);
      await world.run(wanted, (container) => dress(container, FIRST_ID));
      const before = await times();
      assert.deepEqual(await world.run(wanted, look, elsewhere), dressed(ELSEWHERE));
      assert.equal(await times(), before);
      await world.run(
        wanted,
        async (container) => {
          await container.enter('rm -r program folder');
          await dress(container, ELSEWHERE);
          await container.enter('rm below && echo again > below');
        },
        elsewhere,
      );
      assert.deepEqual(await world.run(wanted, look), dressed(FIRST_ID));
    }));

  test('a map that has the host’s root in it leaves that no other place: refused', () =>
    inWorld(async (world) => {
      await world.create(wanted);
      await assert.rejects(
        world.run(wanted, () => undefined, { map: mapFrom(0) }),
        { code: 'unsupported' },
      );
    }));
}

const ACL = 'system.posix_acl_access';
const CAPABILITY = 'security.capability';
/** The user of the container that an ACL names. */
const NAMED = 1000;

/** What a container may leave there: a program with a capability and an ACL; what its template has gone, and a folder in its place. */
async function dress(container: Container, from: number): Promise<void> {
  await container.enter('echo x > program && setcap cap_net_raw=ep program');
  await container.enter('rm -rf gone folder && mkdir folder && echo x > folder/new');
  container.setAttribute('program', ACL, aclFor(from + NAMED));
}

interface Look {
  readonly owner: string;
  readonly there: string;
  readonly capability: string;
  readonly named: number | undefined;
}

function look(container: Container): Look {
  const capability = container.attribute('program', CAPABILITY);
  const version = capability.readUInt32LE(0) >>> 24;
  return {
    owner: container.run(['stat', '-c', '%u:%g', 'program']).trim(),
    there: container.run(['sh', '-c', 'echo * folder/*']).trim(),
    capability: version === 2 ? 'version 2' : `version ${version} of root ${capability.readUInt32LE(20)}`,
    named: mapsAcls ? namedIn(container.attribute('program', ACL)) : undefined,
  };
}

/** What that is to look like where the container's ids begin with this one. */
const dressed = (from: number): Look => ({
  owner: `${from}:${from}`,
  there: 'below folder program folder/new',
  capability: from === 0 ? 'version 2' : `version 3 of root ${from}`,
  named: mapsAcls ? from + NAMED : undefined,
});

const timesOf = (container: Container): string =>
  container.run(['find', '.', '-printf', '%P %i %C@ %U:%G %m\n']).split('\n').sort().join('\n');

// struct posix_acl_xattr_header and its entries: what each is about, what it grants, to whom.
const [OWNER, USER, GROUP, MASK, OTHERS] = [0x01, 0x02, 0x04, 0x10, 0x20];
const [VERSION, ENTRY] = [2, 8];
const NOBODY = 0xffffffff;

function aclFor(id: number): Buffer {
  const entries = [[OWNER], [USER, id], [GROUP], [MASK], [OTHERS]];
  const acl = Buffer.alloc(4 + entries.length * ENTRY);
  acl.writeUInt32LE(VERSION);
  for (const [at, [about = 0, who = NOBODY]] of entries.entries()) {
    acl.writeUInt16LE(about, 4 + at * ENTRY);
    acl.writeUInt16LE(5, 6 + at * ENTRY);
    acl.writeUInt32LE(who, 8 + at * ENTRY);
  }
  return acl;
}

function namedIn(acl: Buffer): number | undefined {
  for (let at = 4; at < acl.length; at += ENTRY)
    if (acl.readUInt16LE(at) === USER) return acl.readUInt32LE(at + 4);
  return undefined;
}
