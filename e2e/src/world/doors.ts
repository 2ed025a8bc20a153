// What each of the doors says of one domain: HTTP, the command over it and over libvirt's protocol, that protocol itself, and virsh.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { DomainInfo, DomainSummary, QuotaReport } from '@ctvirt/api';
import { type Connection, fromTypedParams, type ObjectOf } from '@ctvirt/rpc';
import { type Domain, parseDomainOrThrow } from '@ctvirt/xml';
import { run } from './command.js';
import type { World } from './world.js';

/** A domain's XML names it when it is read: what a live one says besides may stand there too. */
const read = (xml: string): Domain => parseDomainOrThrow(xml, { stored: true });

/** Texts that virsh prints, by the name before the colon. */
export type Lines = Readonly<Record<string, string>>;

/** What one asks of all doors at about the same time. */
export interface Seen {
  readonly http: DomainInfo;
  readonly httpDocument: Domain;
  readonly quota: QuotaReport;
  readonly cli: DomainInfo;
  readonly cliState: Pick<DomainSummary, 'state' | 'reason'>;
  readonly cliListed: DomainSummary;
  readonly cliDocument: Domain;
  readonly cliText: Lines;
  /** The command with `-c`, to which this daemon is any libvirt. */
  readonly remote: DomainInfo;
  readonly dom: ObjectOf<'domain'>;
  readonly libvirtDocument: Domain;
  /** Bulk statistics by name. */
  readonly stats: Readonly<Record<string, unknown>>;
  readonly virsh: Lines;
  readonly virshState: string;
}

/** A program that must succeed, without the line breaks at its end. */
async function said(outcome: ReturnType<typeof run>): Promise<string> {
  const { status, stdout, stderr } = await outcome;
  assert.equal(status, 0, stderr);
  return stdout.trimEnd();
}

export const virsh = (world: World, ...args: readonly string[]): Promise<string> =>
  said(run(['virsh', '-c', world.uri('ctvirt'), ...args], { env: { LC_ALL: 'C', HOME: '/nonexistent' } }));

const linesOf = (text: string): Lines =>
  Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^(\S[^:]*):\s+(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );

/** Looks at a domain through every door. */
export async function look(world: World, libvirt: Connection, name: string): Promise<Seen> {
  const domain = { domain: name };
  const { domains, quota } = world.client;
  const cli = (...args: readonly string[]): Promise<string> => said(world.cli(args));
  const dom = await libvirt.domainLookupByName({ name });
  const [stats] = (await libvirt.getAllDomainStats({ doms: [dom], stats: 0, flags: 0 })).map(({ params }) =>
    fromTypedParams(params),
  );
  // All at once: most of it is programs that start.
  const [http, httpXml, disk, info, state, listed, xml, text, there, libvirtXml, told, why] =
    await Promise.all([
      domains.info(domain),
      domains.xml(domain),
      quota.show(domain),
      cli('dominfo', name, '--json'),
      cli('domstate', name, '--json'),
      cli('list', '--all', '--json'),
      cli('dumpxml', name),
      cli('dominfo', name),
      cli('-c', world.uri('ctvirt'), 'dominfo', name, '--json'),
      dom.getXmlDesc({ flags: 0 }),
      virsh(world, 'dominfo', name),
      virsh(world, 'domstate', name, '--reason'),
    ]);
  const all: DomainSummary[] = JSON.parse(listed);
  return {
    http,
    httpDocument: read(String(httpXml)),
    quota: disk,
    cli: JSON.parse(info),
    cliState: JSON.parse(state),
    cliListed: all.find((one) => one.name === name) ?? assert.fail(`${name} is not listed`),
    cliDocument: read(xml),
    cliText: linesOf(text),
    remote: JSON.parse(there),
    dom,
    libvirtDocument: read(libvirtXml),
    stats: stats ?? assert.fail(`${name} has no statistics`),
    virsh: linesOf(told),
    virshState: why,
  };
}
