// The fields of vzlist: head, width, and what each shows of a container.
// SPDX-License-Identifier: Apache-2.0
import type { BeancounterRow } from '@ctvirt/api';
import { bootorderOf } from '@ctvirt/formats';
import { isOff, nameOf } from '../containers.js';
import type { ContainerData, Need } from './container-data.js';

/** A text, a number, yes or no; null is told by a dash. */
type Value = string | number | bigint | boolean | null;

/** One column. */
export interface Field {
  readonly name: string;
  readonly head: string;
  /** To the right of zero it is aligned to the left, as vzlist does texts. */
  readonly width: number;
  readonly isLeft?: true;
  readonly needs?: Need;
  readonly value: (data: ContainerData) => Value;
  /** As JSON has it, where that is not the value: undefined leaves it out. */
  readonly json?: (data: ContainerData) => unknown;
}

const isUp = ({ container }: ContainerData): boolean => !isOff(container);

const text = (name: string, head: string, width: number, value: Field['value']): Field => ({
  name,
  head,
  width,
  isLeft: true,
  value,
});

/** Of the document, by OpenVZ's key. */
const documented = (name: string, head: string, width: number, key: string): Field => ({
  ...text(name, head, width, ({ document }) => document?.value(key) ?? null),
  needs: 'document',
});

const numbered = (name: string, head: string, width: number, key: string): Field => {
  const value = ({ document }: ContainerData): number | null => {
    const said = document?.value(key);
    return said === undefined || !/^\d+$/.test(said) ? null : Number(said);
  };
  return { name, head, width, needs: 'document', value, json: (data) => value(data) ?? 0 };
};

const listed = (
  items: (data: ContainerData) => readonly string[],
): Required<Pick<Field, 'value' | 'json'>> => ({
  value: (data) => items(data).join(' ') || null,
  json: items,
});

const wordsOf = (said: string | undefined): string[] =>
  (said ?? '').split(/\s+/).filter((word) => word !== '');

const statusOf = (data: ContainerData): string =>
  isUp(data) ? 'running' : data.isMounted ? 'mounted' : 'stopped';

const ctid = (name: string): Field => ({
  name,
  head: 'CTID',
  width: 10,
  value: ({ container }) => container.ctid,
});

const privateOf = ({ document }: ContainerData): Value => document?.files ?? null;

const identity: readonly Field[] = [
  ctid('ctid'),
  ctid('veid'),
  ctid('vpsid'),
  { ...text('private', 'PRIVATE', 32, privateOf), needs: 'document' },
  { ...text('root', 'ROOT', 32, privateOf), needs: 'document' },
  documented('mount_opts', 'MOUNT_OPTS', 16, 'MOUNT_OPTS'),
  { ...text('origin_sample', 'ORIGIN_SAMPLE', 32, ({ container }) => container.profile) },
  text('hostname', 'HOSTNAME', 32, ({ container }) => container.hostname),
  text('name', 'NAME', 32, ({ container }) => nameOf(container) ?? null),
  text('smart_name', 'SMARTNAME', 10, ({ container }) => container.name),
  documented('description', 'DESCRIPTION', 32, 'DESCRIPTION'),
  text('ostemplate', 'OSTEMPLATE', 32, ({ container }) => container.template),
  { ...text('ip', 'IP_ADDR', 15, () => null), ...listed(({ container }) => container.addresses) },
  {
    ...documented('nameserver', 'NAMESERVER', 15, 'NAMESERVER'),
    ...listed(({ document }) => wordsOf(document?.value('NAMESERVER'))),
  },
  {
    ...documented('searchdomain', 'SEARCHDOMAIN', 15, 'SEARCHDOMAIN'),
    ...listed(({ document }) => wordsOf(document?.value('SEARCHDOMAIN'))),
  },
  text('status', 'STATUS', 9, statusOf),
];

/** Heads that vzlist shortens. */
const heads: Readonly<Record<string, string>> = {
  kmemsize: 'KMEMSIZE',
  lockedpages: 'LOCKEDP',
  privvmpages: 'PRIVVMP',
  shmpages: 'SHMP',
  numproc: 'NPROC',
  physpages: 'PHYSP',
  vmguarpages: 'VMGUARP',
  oomguarpages: 'OOMGUARP',
  numtcpsock: 'NTCPSOCK',
  numflock: 'NFLOCK',
  numpty: 'NPTY',
  numsiginfo: 'NSIGINFO',
  tcpsndbuf: 'TCPSNDB',
  tcprcvbuf: 'TCPRCVB',
  othersockbuf: 'OTHSOCKB',
  dgramrcvbuf: 'DGRAMRB',
  numothersock: 'NOTHSOCK',
  dcachesize: 'DCACHESZ',
  numfile: 'NFILE',
  numiptent: 'NIPTENT',
  swappages: 'SWAPP',
};

/** As the kernel of OpenVZ writes it. */
const unlimited = 9_223_372_036_854_775_807n;

const measured = ['held', 'maxheld', 'failcnt'] as const;
const suffixes = { '': 'held', '.m': 'maxheld', '.b': 'barrier', '.l': 'limit', '.f': 'failcnt' } as const;
type Counted = (typeof suffixes)[keyof typeof suffixes];

function counted(
  row: BeancounterRow | undefined,
  what: Counted,
  data: ContainerData,
): number | bigint | null {
  const value = row?.[what];
  if (measured.some((one) => one === what)) return isUp(data) ? (value ?? 0) : null;
  return row === undefined ? null : (value ?? unlimited);
}

function beancounter(resource: string, head: string): Field[] {
  const rowOf = ({ beancounters }: ContainerData): BeancounterRow | undefined => beancounters?.get(resource);
  return Object.entries(suffixes).map(([suffix, what]): Field => {
    const isPlain = suffix === '';
    const isQuick = isPlain && resource === 'numproc';
    return {
      name: resource + suffix,
      head: head + suffix.toUpperCase(),
      width: 10,
      ...(!isQuick && { needs: 'beancounters' as const }),
      value: (data) =>
        isQuick && data.beancounters === undefined
          ? isUp(data)
            ? data.container.processes
            : null
          : counted(rowOf(data), what, data),
      json: (data) =>
        isPlain
          ? Object.fromEntries(
              Object.values(suffixes).map((one) => [one, counted(rowOf(data), one, data) ?? 0]),
            )
          : undefined,
    };
  });
}

function disk(name: 'diskspace' | 'diskinodes', head: string, part: 'space' | 'inodes'): Field[] {
  const limits = { '': 'usage', '.s': 'soft', '.h': 'hard' } as const;
  const names = { usage: 'usage', soft: 'softlimit', hard: 'hardlimit' } as const;
  return Object.entries(limits).map(
    ([suffix, what]): Field => ({
      name: name + suffix,
      head: head + suffix.toUpperCase(),
      width: 10,
      needs: 'quota',
      value: (data) => data.disk?.[part][what] ?? null,
      json: (data) =>
        suffix === ''
          ? Object.fromEntries(Object.values(limits).map((one) => [names[one], data.disk?.[part][one] ?? 0]))
          : undefined,
    }),
  );
}

function secondsUp({ startedAt }: ContainerData): number | null {
  if (startedAt == null) return null;
  const now = new Date();
  return Math.max(0, Math.round((now.getTime() - Date.parse(startedAt)) / 1000));
}

/** `002d03h04m05s`, as vzlist has it. */
function describeUptime(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const days = String(Math.floor(seconds / 86_400)).padStart(3, '0');
  return `${days}d${two((seconds / 3600) % 24)}h${two((seconds / 60) % 60)}m${two(seconds % 60)}s`;
}

const processor: readonly Field[] = [
  {
    ...{ name: 'laverage', head: 'LAVERAGE', width: 14, needs: 'load' as const },
    value: ({ load }) => load ?? null,
    json: ({ load }) => load?.split('/').map(Number) ?? null,
  },
  {
    ...{ name: 'uptime', head: 'UPTIME', width: 15, needs: 'start' as const },
    value: (data) => {
      const seconds = secondsUp(data);
      return seconds === null ? null : describeUptime(seconds);
    },
    json: (data) => secondsUp(data) ?? 0,
  },
  numbered('cpulimit', 'CPULIM', 7, 'CPULIMIT'),
  numbered('cpuunits', 'CPUUNI', 7, 'CPUUNITS'),
  numbered('cpus', 'CPUS', 5, 'CPUS'),
  numbered('ioprio', 'IOP', 3, 'IOPRIO'),
  numbered('iolimit', 'IOLIMIT', 10, 'IOLIMIT'),
  numbered('iopslimit', 'IOPS', 4, 'IOPSLIMIT'),
];

const flag = (name: string, head: string, width: number, value: (data: ContainerData) => boolean): Field => ({
  name,
  head,
  width,
  value: (data) => (value(data) ? 'yes' : 'no'),
  json: value,
});

const boot: readonly Field[] = [
  flag('onboot', 'ONBOOT', 6, ({ container }) => container.autostart),
  {
    name: 'bootorder',
    head: 'BOOTORDER',
    width: 10,
    value: ({ container }) => bootorderOf(container.order) ?? null,
  },
  text('layout', 'LAYOUT', 6, () => 'simfs'),
  documented('features', 'FEATURES', 15, 'FEATURES'),
  {
    ...flag('vswap', 'VSWAP', 5, ({ document }) => /^(0:)?\d/.test(document?.value('PHYSPAGES') ?? '')),
    needs: 'document',
  },
  {
    ...flag('disabled', 'DISABL', 6, ({ document }) => document?.value('DISABLED') === 'yes'),
    needs: 'document',
  },
  { ...documented('vm_overcommit', 'VM_OVC', 6, 'VM_OVERCOMMIT') },
  documented('netfilter', 'NETFILTER', 9, 'NETFILTER'),
  documented('capability', 'CAPABILITY', 15, 'CAPABILITY'),
];

/** All of them, in the order of -L. */
export const fields: readonly Field[] = [
  ...identity,
  ...Object.entries(heads).flatMap(([resource, head]) => beancounter(resource, head)),
  ...disk('diskspace', 'DSPACE', 'space'),
  ...disk('diskinodes', 'DINODES', 'inodes'),
  ...processor,
  ...boot,
];

/** By the name that -o and -s have for it. */
export const fieldNamed = (name: string): Field | undefined => fields.find((field) => field.name === name);
