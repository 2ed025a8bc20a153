// One scrape: which families are asked for, and what is known for them.
// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { version } from '@ctvirt/api';
import { type Engine, EngineError } from '@ctvirt/engine';
import { incus } from './families/incus.js';
import { libvirt } from './families/libvirt.js';
import { own } from './families/own.js';
import type { Known } from './known.js';
import { type Group, textOf } from './write.js';

const families: ReadonlyMap<string, readonly Group<Known>[]> = new Map([
  ['own', own],
  ['libvirt', libvirt],
  ['incus', incus],
]);
const usual = 'own,libvirt';

/** The page as it is made; throws `invalid` for families that there are not. */
export async function scrape(
  engine: Engine,
  counted: Pick<Known, 'requests' | 'sessions'>,
  asked = usual,
): Promise<Readable> {
  const groups = groupsOf(asked);
  const known = { ...(await engine.overview()), ...counted, version };
  return Readable.from(textOf(groups, known), { objectMode: false });
}

/** In an order of their own, each once, however they are asked for. */
function groupsOf(asked: string): readonly Group<Known>[] {
  const names = asked.split(',').map((name) => name.trim());
  const strange = names.find((name) => !families.has(name));
  if (strange !== undefined)
    throw new EngineError(
      'invalid',
      `families: there is no '${strange}': it may be ${[...families.keys()].join(', ')}, with commas between them`,
    );
  return [...families].flatMap(([name, groups]) => (names.includes(name) ? groups : []));
}
