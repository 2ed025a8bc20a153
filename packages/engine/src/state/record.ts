// The record beside a domain's XML: what the daemon must know of it without reading the document.
// SPDX-License-Identifier: Apache-2.0
import type { StateReason } from '@ctvirt/api';
import { asker } from '../asker.js';
import type { Credentials } from '../guest/credentials.js';
import type { PortForward } from '../networks/contract/plan.js';
import { isSchedule, type Schedule } from '../schedule/schedule.js';
import { parseJson } from './folders.js';
import type { HostIds, NamedIds } from './id-ranges.js';

/** What a link has of a network that gives addresses out, as the network was when its domain was defined or started. */
export interface LinkLease {
  readonly network: string;
  /** Hardware address of the link. */
  readonly mac: string;
  readonly addresses: readonly {
    readonly address: string;
    readonly prefix: number;
    readonly family: 4 | 6;
  }[];
  readonly gateways: readonly { readonly address: string; readonly family: 4 | 6 }[];
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  /** Families that the network has no subnet of. */
  readonly absent?: readonly (4 | 6)[];
}

/** Addresses that networks gave. */
export const leasedIn = ({ leases = [] }: { readonly leases?: readonly LinkLease[] | undefined }): string[] =>
  leases.flatMap(({ addresses }) => addresses.map(({ address }) => address));

/** A change of a document. */
export interface Change {
  readonly at: string;
  readonly by?: string;
}

/** One that is made now. */
export function changeNow(): Change {
  const by = asker();
  return { at: new Date().toISOString(), ...(by !== undefined && { by }) };
}

/** `ids` counts from the first host id; a domain with an `<idmap>` of its own leases none. */
export interface DomainRecord {
  readonly version: 1;
  readonly name: string;
  readonly uuid: string;
  readonly type: string;
  readonly title: string | null;
  readonly ctid: number | null;
  readonly autostart: boolean;
  /** Lower ones start earlier with the host; missing for those that start last. */
  readonly order?: number;
  /** How long those of later orders wait after its start; missing if not at all. */
  readonly delaySeconds?: number;
  readonly persistent: boolean;
  /** Of a transient domain: whether its files end with it. */
  readonly eraseAtEnd: boolean;
  readonly ids: { readonly start: number; readonly count: number } | null;
  readonly template: string | null;
  /** All templates its file systems are made from. */
  readonly templates: readonly string[];
  readonly profile: string | null;
  readonly hostname: string;
  /** Those that its document gives. */
  readonly addresses: readonly string[];
  /** Those of networks; missing where it has none, and in records of older versions. */
  readonly leases?: readonly LinkLease[];
  readonly createdAt: string;
  /** When its stored document was changed last, and who asked for it if that is known; missing if it never was. */
  readonly changed?: Change;
  /** How it ended last; `unknown` if it never ran. */
  readonly lastReason: StateReason;
  /** When that was, and how in words; missing if it never ran, and in records of older versions. */
  readonly lastEnd?: { readonly at: string; readonly how: string };
  /** Of a domain that was adopted: where its root lies, which is not ours to erase; links in it followed. */
  readonly adopted?: string;
  /** Folders of the host that it may write to, as its document names them; missing in records of older versions. */
  readonly writable?: readonly string[];
  /** Ids of the host that its `<idmap>` names; missing where it has none, and in records of older versions. */
  readonly mapped?: NamedIds;
  /** Ports of the host that its document asks for; missing where it asks for none. */
  readonly forwards?: readonly PortForward[];
  /** What is done of it at fixed times by its document; missing where that is nothing. */
  readonly schedule?: Schedule;
  /** The name that it had, while what followed that is not done. */
  readonly renamedFrom?: string;
  /** Host names that were made of names it had before, which its files may still have; missing where there are none. */
  readonly earlierHostnames?: readonly string[];
  /** What its users get at its next start; missing where that is nothing. */
  readonly credentials?: Credentials;
}

/** What one domain alone can have. */
export interface Held extends Pick<DomainRecord, 'addresses' | 'forwards'> {
  /** Datasets of ZFS, with all that is in them: had by one that runs. */
  readonly datasets?: readonly string[];
}

/** Of a document, what is told of every domain or kept from others, and differs while a run has another document than is stored. */
export type Shown = Pick<
  DomainRecord,
  'title' | 'hostname' | 'addresses' | 'leases' | 'mapped' | 'forwards' | 'writable'
>;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const isText = (value: unknown): value is string => typeof value === 'string';
const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value);
const areIds = (value: unknown): value is readonly HostIds[] =>
  Array.isArray(value) &&
  value.every((one: unknown) => isObject(one) && isCount(one['first']) && isCount(one['count']));

/** Whether it is a range of ids, or says that there is none. */
export const isRangeOrNull = (value: unknown): value is { start: number; count: number } | null =>
  value === null || (isObject(value) && isCount(value['start']) && isCount(value['count']));

const areTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isFamily = (value: unknown): boolean => value === 4 || value === 6;
const areOfFamily = (value: unknown, isWhole: (one: Record<string, unknown>) => boolean): boolean =>
  Array.isArray(value) &&
  value.every(
    (one: unknown) => isObject(one) && isText(one['address']) && isFamily(one['family']) && isWhole(one),
  );

const isLease = (value: unknown): value is LinkLease =>
  isObject(value) &&
  isText(value['network']) &&
  isText(value['mac']) &&
  areOfFamily(value['addresses'], ({ prefix }) => isCount(prefix)) &&
  areOfFamily(value['gateways'], () => true) &&
  areTexts(value['nameservers']) &&
  areTexts(value['searches']) &&
  (value['absent'] === undefined || (Array.isArray(value['absent']) && value['absent'].every(isFamily)));

const isForward = (value: unknown): value is PortForward =>
  isObject(value) &&
  (value['protocol'] === 'tcp' || value['protocol'] === 'udp') &&
  (value['address'] === undefined || isText(value['address'])) &&
  (value['dev'] === undefined || isText(value['dev'])) &&
  isCount(value['start']) &&
  isCount(value['end']) &&
  isCount(value['to']);

/** Whether it is what a record or lease says of a map. */
export const isNamedIds = (value: unknown): value is NamedIds =>
  isObject(value) && areIds(value['uid']) && areIds(value['gid']);

const checks: { readonly [K in keyof DomainRecord]-?: (value: unknown) => boolean } = {
  version: (v) => v === 1,
  name: isText,
  uuid: isText,
  type: isText,
  title: isTextOrNull,
  ctid: (v) => v === null || isCount(v),
  autostart: (v) => typeof v === 'boolean',
  order: (v) => v === undefined || isCount(v),
  delaySeconds: (v) => v === undefined || isCount(v),
  persistent: (v) => typeof v === 'boolean',
  eraseAtEnd: (v) => typeof v === 'boolean',
  ids: isRangeOrNull,
  template: isTextOrNull,
  templates: areTexts,
  profile: isTextOrNull,
  hostname: isText,
  addresses: areTexts,
  leases: (v) => v === undefined || (Array.isArray(v) && v.every(isLease)),
  createdAt: isText,
  changed: (v) =>
    v === undefined || (isObject(v) && isText(v['at']) && (v['by'] === undefined || isText(v['by']))),
  lastReason: isText,
  lastEnd: (v) => v === undefined || (isObject(v) && isText(v['at']) && isText(v['how'])),
  adopted: (v) => v === undefined || isText(v),
  writable: (v) => v === undefined || areTexts(v),
  mapped: (v) => v === undefined || isNamedIds(v),
  forwards: (v) => v === undefined || (Array.isArray(v) && v.every(isForward)),
  schedule: (v) => v === undefined || isSchedule(v),
  renamedFrom: (v) => v === undefined || isText(v),
  earlierHostnames: (v) => v === undefined || areTexts(v),
  credentials: (v) =>
    v === undefined ||
    (isObject(v) &&
      isObject(v['passwords']) &&
      Object.values(v['passwords']).every(isText) &&
      isObject(v['sshKeys']) &&
      Object.values(v['sshKeys']).every(areTexts)),
};

function isRecord(value: unknown): value is DomainRecord {
  return isObject(value) && Object.entries(checks).every(([key, check]) => check(value[key]));
}

/** Returns the record; throws `internal` if the text is none. */
export const parseRecord = (text: string, path: string): DomainRecord =>
  parseJson(text, path, isRecord, 'a domain record');

/** Returns the text that `parseRecord` reads. */
export function formatRecord(record: DomainRecord): string {
  return `${JSON.stringify(record)}\n`;
}
