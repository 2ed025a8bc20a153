// vzctl's snapshots, which are the domain's: a UUID that vzctl makes or is given is a snapshot's name.
// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Snapshot } from '@ctvirt/api';
import { printable } from '../../printable.js';
import { coded, type VzCode, VzError } from '../exit-codes.js';
import { type Given, isSaid, lastOf, type VzOptions } from '../options.js';
import { type Call, onContainer, type VzVerb } from './verb.js';

const id = { value: 'uuid', here: 'of the snapshot; the name of one that vzctl has not made' } as const;
const skipConfig = { here: 'taken: the document is part of it all the same' } as const;

/** With braces as snapshot-list prints it, and without. */
const bare = (word: string): string => word.replace(/^\{(.*)\}$/, '$1');

function idOf(given: Given): string {
  const word = lastOf(given, 'id');
  if (word === undefined) throw new VzError('missing', '--id is not said');
  return bare(word);
}

/** Those of what the daemon refuses here. */
const codes = (code: VzCode) =>
  ({ 'not-found': code, exists: code, unsupported: code, invalid: code, 'wrong-state': code }) as const;

const isUuid = (text: string): boolean => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(text);

/** What is shown of one: of what vzctl has made, the name it was given is the first line of the description. */
const nameOf = ({ name, description }: Snapshot): string =>
  isUuid(name) ? (description?.split('\n')[0] ?? '') : name;

const snapshot = onContainer({
  names: ['snapshot'],
  synopsis: '[--id UUID] [--name NAME] [--description TEXT] [--skip-suspend] [--skip-config]',
  options: {
    id: { value: 'uuid', here: 'which it gets; made up without it' },
    name: { value: 'name', here: 'first line of its description' },
    description: { value: 'text', here: 'more lines of it' },
    'skip-suspend': { here: 'taken: what is in memory is never part of it' },
    'skip-config': skipConfig,
  } satisfies VzOptions,
  here: 'Takes a snapshot of files and document, as `ctvirt snapshot create` does; not of what is in memory.',
  async act({ host, container, given }) {
    const name = bare(lastOf(given, 'id') ?? randomUUID());
    const description = [lastOf(given, 'name'), lastOf(given, 'description')].filter(
      (line) => line !== undefined,
    );
    const body = { name, ...(description.length > 0 && { description: description.join('\n') }) };
    host.say(`Creating snapshot {${name}}`);
    await coded(host.client.snapshots.create({ domain: container.uuid, body }), codes('snapshot'));
    host.say(`Snapshot {${name}} has been successfully created`);
  },
});

const snapshotSwitch = onContainer({
  names: ['snapshot-switch'],
  synopsis: '[--skip-resume | --must-resume] [--skip-config] --id UUID',
  options: {
    id,
    'skip-resume': { here: 'it is off afterwards' },
    'must-resume': { here: 'refused: what was in memory is not part of it' },
    'skip-config': { here: 'refused: files and document go back together' },
  } satisfies VzOptions,
  here: 'Makes files and document what they were, as `ctvirt snapshot revert` does; what was there before is the snapshot before-revert until the next start. One that ran runs again.',
  async act({ host, container, given }) {
    const name = idOf(given);
    for (const option of ['must-resume', 'skip-config'])
      if (isSaid(given, option)) throw new VzError('switch', `--${option} is not supported`);
    const body = isSaid(given, 'skip-resume') ? ({ state: 'shutoff' } as const) : {};
    await coded(
      host.client.snapshots.revert({ domain: container.uuid, snapshot: name, body }),
      codes('switch'),
    );
    host.say(`Container has been switched to snapshot {${name}}`);
  },
});

const snapshotDelete = onContainer({
  names: ['snapshot-delete'],
  synopsis: '--id UUID',
  options: { id },
  here: 'Deletes one, as `ctvirt snapshot delete` does.',
  async act({ host, container, given }) {
    const name = idOf(given);
    await coded(
      host.client.snapshots.delete({ domain: container.uuid, snapshot: name }),
      codes('deleteSnapshot'),
    );
    host.say(`Snapshot {${name}} has been successfully deleted`);
  },
});

const noMount = (name: string): VzVerb =>
  onContainer({
    names: [name],
    synopsis: '--id UUID',
    options: { id, target: { value: 'dir', here: 'of snapshot-mount' } },
    here: 'Refused with 152.',
    async act() {
      throw new VzError('mountSnapshot', 'A snapshot is not mounted on the host: see ctvirt snapshot diff');
    },
  });

const braced = (name: string | null): string => (name === null ? '' : isUuid(name) ? `{${name}}` : name);

interface Column {
  readonly head: string;
  readonly width: number;
  readonly value: (snapshot: Snapshot) => string;
}

const columns: Readonly<Record<string, Column>> = {
  parent_uuid: { head: 'PARENT_UUID', width: 38, value: ({ parent }) => braced(parent) },
  current: { head: 'C', width: 1, value: ({ isCurrent }) => (isCurrent ? '*' : '') },
  uuid: { head: 'UUID', width: 38, value: ({ name }) => braced(name) },
  date: { head: 'DATE', width: 19, value: ({ createdAt }) => localTime(createdAt) },
  name: { head: 'NAME', width: 0, value: nameOf },
};

/** As vzctl has it, by the host's clock. */
function localTime(time: string): string {
  const date = new Date(time);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace('T', ' ');
}

function columnsOf(given: Given): readonly Column[] {
  const names = lastOf(given, 'output')?.split(',') ?? Object.keys(columns);
  return names.map((name) => {
    const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
    if (column === undefined) throw new VzError('value', `Unknown field: ${name}`);
    return column;
  });
}

async function list({ host, container, given }: Call): Promise<void> {
  if (isSaid(given, 'list')) return host.print(`${Object.keys(columns).join('\n')}\n`);
  const shown = columnsOf(given);
  const wanted = lastOf(given, 'id');
  const all = await coded(host.client.snapshots.list({ domain: container.uuid }), codes('listSnapshots'));
  const found = wanted === undefined ? all : all.filter(({ name }) => name === bare(wanted));
  if (wanted !== undefined && found.length === 0)
    throw new VzError('listSnapshots', `There is no snapshot ${wanted}`);
  const line = (cell: (column: Column) => string): string =>
    `${shown
      .map((column) => printable(cell(column)).padEnd(column.width))
      .join(' ')
      .trimEnd()}\n`;
  const head = isSaid(given, 'no-header') ? '' : line((column) => column.head);
  host.print(head + found.map((one) => line((column) => column.value(one))).join(''));
}

const snapshotList = onContainer({
  names: ['snapshot-list'],
  synopsis: '[-H] [-o FIELD,...] [--id UUID]',
  options: {
    'no-header': { short: 'H', here: 'no heading' },
    output: { short: 'o', value: 'field,...', here: Object.keys(columns).join(', ') },
    list: { short: 'L', here: 'the fields there are' },
    id: { value: 'uuid', here: 'only this one' },
  },
  here: 'Those that vzctl has not made have their name in the place of a UUID, and --id takes it.',
  act: list,
});

/** All of them. */
export const snapshotVerbs: readonly VzVerb[] = [
  snapshot,
  snapshotSwitch,
  snapshotDelete,
  noMount('snapshot-mount'),
  noMount('snapshot-umount'),
  snapshotList,
];
