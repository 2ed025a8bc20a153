// Containers as OpenVZ knows them: domains of type openvz, by CTID or name, with what their documents say in its words.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import type { ApiClient } from '@ctvirt/api/node';
import { FormatError, fileNameOf, type KeyOptions, keyValue } from '@ctvirt/formats';
import { type Domain, formatDomain, isRoot, parseDomainOrThrow } from '@ctvirt/xml';
import { type VzCode, VzError } from './exit-codes.js';
import type { VzHost } from './host.js';

/** A domain with a CTID. */
export interface Container extends DomainSummary {
  readonly ctid: number;
}

/** The most that OpenVZ takes. */
const maxCtid = 2_147_483_644;

/** Undefined for a domain that is none. */
export const containerOf = (domain: DomainSummary): Container | undefined =>
  domain.type === 'openvz' && domain.ctid !== null ? { ...domain, ctid: domain.ctid } : undefined;

/** Whether nothing of it runs; a suspended one does. */
export const isOff = ({ state }: Pick<DomainSummary, 'state'>): boolean => state === 'shutoff';

/** Throws VzError where it runs. */
export function refuseUp(
  container: Container,
  code: VzCode = 'running',
  message = 'Container is running: stop it first',
): void {
  if (!isOff(container)) throw new VzError(code, message);
}

/** Throws VzError where it does not run. */
export function refuseOff(container: Container): void {
  if (isOff(container)) throw new VzError('notRunning', 'Container is not running');
}

/** The name beside the CTID, if it has one. */
export const nameOf = ({ name, ctid }: Pick<Container, 'name' | 'ctid'>): string | undefined =>
  name === String(ctid) ? undefined : name;

/** Digits are a CTID, whatever a container is called. */
export function ctidOf(word: string): number | undefined {
  if (!/^\d{1,10}$/.test(word)) return undefined;
  const ctid = Number(word);
  if (ctid > maxCtid) throw badCtid(word);
  return ctid;
}

/** Whether a word of a command line is about it. */
export function isCalled({ name, ctid }: Pick<DomainSummary, 'name' | 'ctid'>, word: string): boolean {
  const number = ctidOf(word);
  return number === undefined ? name === word : ctid === number;
}

/** vzctl's own refusal. */
export const badCtid = (word: string): VzError => new VzError('value', `Bad CT ID ${word}`);

/** Undefined where no container has that CTID; a name that none has is refused, as no CTID stands behind it. */
export async function lookUp(client: ApiClient, word: string): Promise<Container | undefined> {
  const ctid = ctidOf(word);
  const domains = await client.domains.list();
  const found = domains.flatMap((one) => containerOf(one) ?? []).find((one) => isCalled(one, word));
  if (found === undefined && ctid === undefined) throw badCtid(word);
  return found;
}

/** What its document says, and how its keys are read and written. */
export interface Documented {
  readonly domain: Domain;
  /** Where its files lie: those of one that was taken over are where they were. */
  readonly files: string;
  readonly keys: KeyOptions;
  value(key: string): string | undefined;
}

/** `inactive` is what its next start has. */
export async function documentOf(
  host: VzHost,
  { uuid, name, ctid }: Container,
  { inactive }: { readonly inactive: boolean },
): Promise<Documented> {
  const [text, { pageSize, cpus, state }] = await Promise.all([
    host.client.domains.xml({ domain: uuid, inactive }),
    host.facts,
  ]);
  const domain = parseDomainOrThrow(text);
  const keys = { ctid, pageSize, hostCpus: cpus };
  const root = domain.devices.filesystems?.find(isRoot);
  const files = root?.type === 'mount' ? root.source.dir : `${state}/roots/${fileNameOf(name)}`;
  return { domain, files, keys, value: (key) => keyValue(domain, key, keys) };
}

/** Changes what its next start has, all of it or nothing. */
export async function editDocument(
  host: VzHost,
  container: Container,
  edits: readonly ((domain: Domain, keys: KeyOptions) => Domain)[],
): Promise<void> {
  const { domain, keys } = await documentOf(host, container, { inactive: true });
  const edited = edits.reduce((one, edit) => applied(one, keys, edit), domain);
  await host.client.domains.define({ body: formatDomain(edited) });
}

function applied(
  domain: Domain,
  keys: KeyOptions,
  edit: (domain: Domain, keys: KeyOptions) => Domain,
): Domain {
  try {
    return edit(domain, keys);
  } catch (error) {
    if (error instanceof FormatError) throw new VzError('value', error.message, { cause: error });
    throw error;
  }
}
