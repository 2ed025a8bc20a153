// What vzlist may show of a container; each part is asked for once, and only when a field needs it.
// SPDX-License-Identifier: Apache-2.0
import type { BeancounterRow, DomainUsage } from '@ctvirt/api';
import { type Container, type Documented, documentOf, isOff } from '../containers.js';
import type { VzHost } from '../host.js';

/** Which parts the fields need that are to be shown, sorted by or filtered by. */
export type Need = 'document' | 'beancounters' | 'quota' | 'start' | 'load';

/** The disk limits of the root. */
interface Disk {
  readonly space: Limits;
  readonly inodes: Limits;
}
interface Limits {
  readonly usage: number | null;
  readonly soft: number | null;
  readonly hard: number | null;
}

/** One line of vzlist; what was not needed, or is not known of one that is off, is missing. */
export interface ContainerData {
  readonly container: Container & Pick<DomainUsage, 'processes'>;
  readonly isMounted: boolean;
  readonly document?: Documented;
  readonly beancounters?: ReadonlyMap<string, BeancounterRow>;
  readonly disk?: Disk;
  readonly startedAt?: string | null;
  /** `0.00/0.01/0.05` */
  readonly load?: string;
}

type Found = ContainerData['container'];

/** Space in blocks of 1 KiB, as vzquota counts. */
async function diskOf({ client }: VzHost, domain: string): Promise<Disk | undefined> {
  const { filesystems } = await client.quota.show({ domain });
  const root = filesystems.find(({ target }) => target === '/');
  if (root === undefined) return undefined;
  const scaled = (value: number | null, unit: number): number | null =>
    value === null ? null : Math.ceil(value / unit);
  const limits = ({ used, soft, hard }: (typeof root)['space'], unit: number): Limits => ({
    usage: scaled(used, unit),
    soft: scaled(soft ?? hard, unit),
    hard: scaled(hard, unit),
  });
  return { space: limits(root.space, 1024), inodes: limits(root.inodes, 1) };
}

/** As the container's own programs see it. */
async function loadOf({ client }: VzHost, domain: string): Promise<string | undefined> {
  const session = await client.domains.exec({ domain, open: { argv: ['/bin/cat', '/proc/loadavg'] } });
  session.stdin.end();
  session.stderr.resume();
  let text = '';
  for await (const chunk of session.stdout) text += String(chunk);
  await session.exited;
  const [one, five, fifteen] = text.split(' ');
  return fifteen === undefined ? undefined : `${one}/${five}/${fifteen}`;
}

/** All that is needed of one. */
export async function dataOf(
  host: VzHost,
  container: Found,
  { needs, mounted }: { readonly needs: ReadonlySet<Need>; readonly mounted: ReadonlySet<string> },
): Promise<ContainerData> {
  const { client } = host;
  const { uuid: domain } = container;
  const isUp = !isOff(container);
  const when = async <T>(need: Need, ask: () => Promise<T>): Promise<T | undefined> =>
    needs.has(need) ? await ask() : undefined;
  const [document, report, disk, info, load] = await Promise.all([
    when('document', async () => await documentOf(host, container, { inactive: !isUp })),
    when('beancounters', async () => await client.beancounters.show({ domain })),
    when('quota', async () => await diskOf(host, domain)),
    when('start', async () => await client.domains.info({ domain })),
    when('load', async () => (isUp ? await loadOf(host, domain) : undefined)),
  ]);
  return {
    container,
    isMounted: mounted.has(domain),
    ...(document !== undefined && { document }),
    ...(report !== undefined && { beancounters: new Map(report.rows.map((row) => [row.resource, row])) }),
    ...(disk !== undefined && { disk }),
    ...(info !== undefined && { startedAt: info.startedAt }),
    ...(load !== undefined && { load }),
  };
}
