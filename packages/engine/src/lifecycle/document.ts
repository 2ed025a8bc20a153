// Reads a domain's document for the engine: what it names, what of it can run here, and the plan of a start.
// SPDX-License-Identifier: Apache-2.0
import { graceSecondsOf, writeCtidConf } from '@ctvirt/formats';
import {
  checkDomain,
  type Domain,
  endingsOf,
  type Filesystem,
  type Finding,
  formatDomain,
  initCommand,
  isContainerType,
  normalAddress,
  parseDomain,
  placeFindings,
} from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { devicePath } from '../guest/device-path.js';
import type { GuestFile } from '../guest/files.js';
import { hostKeys, machineId } from '../guest/host-keys.js';
import { insidePath, refuseTarget } from '../guest/inside.js';
import { guestNames } from '../guest/names.js';
import type { Facts } from '../host/facts.js';
import type { IdMap } from '../host/userns.js';
import { forwardsOf } from '../network/port-forwards.js';
import type { PortForward } from '../networks/contract/plan.js';
import { isScheduled, type Schedule, scheduleOf } from '../schedule/schedule.js';
import { nameAt } from '../schedule/times.js';
import type { HostIds, NamedIds } from '../state/id-ranges.js';
import { checkSnapshotName } from '../state/names.js';
import type { DomainRecord, Held, Shown } from '../state/record.js';
import {
  type DiskLimit,
  type FilesystemKind,
  type FilesystemSpec,
  keyOf,
  type OwnerLimit,
  type SoftAndHard,
} from '../storage/index.js';
import { wantedWalls } from '../walls/wanted.js';
import { beyondHost } from './beyond-host.js';
import { type Check, Refused, refusalsIn, refuseAny } from './checks.js';
import { type Claim, claimOf } from './claim.js';
import { refuseTooLittle } from './floors.js';
import { hindersOf } from './hinders.js';
import { linkFaults } from './link-faults.js';
import { leasesOf, lentIn, linkChecks, linksOf } from './links.js';
import { withoutMadeNames } from './made-names.js';
import { oddOptions, splitAtCommas } from './mount-options.js';
import { notEnforced } from './not-enforced.js';
import type { InnerMount, RunPlan } from './plan.js';
import { domainOfProfile, filledFrom } from './profile-remarks.js';
import { resourcesIn } from './resources.js';
import { takenDown } from './taken-down.js';

/** What the engine keeps of a document in the domain's record, and what it makes for it. */
export interface DocumentParts {
  readonly name: string;
  readonly uuid: string | undefined;
  readonly type: string;
  readonly title: string | null;
  readonly template: string | null;
  readonly templates: readonly string[];
  readonly profile: string | null;
  readonly hostname: string;
  readonly addresses: readonly string[];
  readonly filesystems: readonly FilesystemSpec[];
  /** Ids of the host that the document's own map names, if it brings one. */
  readonly mapped?: NamedIds;
  /** Ports of the host that it asks for, if any. */
  readonly forwards?: readonly PortForward[];
  /** What is done of it at fixed times, if anything. */
  readonly schedule?: Schedule;
}

/** What of the host a document's meaning depends on. */
export type HostFacts = Pick<Facts, 'pageSize' | 'hostCpus'>;

/** A document that can be had: its domain, filled from its profile, and what follows from it. */
interface Accepted {
  readonly domain: Domain;
  readonly parts: DocumentParts;
  readonly claim: Claim;
  readonly findings: readonly Finding[];
}

/** Parses and checks documents. */
export class Reader {
  constructor(
    private readonly facts: HostFacts & Pick<Facts, 'memoryBytes'>,
    /** The text of a profile; throws `not-found`. */
    private readonly profileText: (name: string) => Promise<string>,
  ) {}

  /** Parses a document from a user and fills it from its profile; throws `invalid` with every finding. */
  async read(xml: string, options: { strict: boolean }): Promise<Accepted> {
    const { domain, findings } = this.#parsed(xml, options);
    return await this.#accept(domain, findings, (faults) => placeFindings(xml, faults));
  }

  /** The same for who only asks; throws `Refused` with all that the document would be refused for, not with the first alone. */
  async readWhole(xml: string, options: { strict: boolean }): Promise<Accepted> {
    const { domain, findings } = this.#parsed(xml, options);
    const { domain: filled, findings: unread } = await this.#withProfile(domain);
    const faults = [...oddOptions(filled), ...faultsOf(filled)].filter(isError);
    const refusals = refusalsIn(this.#checks(filled));
    const all = placeFindings(xml, [
      ...findings,
      ...unread,
      ...faults,
      ...refusals.map(({ finding }) => finding),
    ]);
    if (refusals[0] !== undefined) throw new Refused(refusals[0].error, all);
    refuseErrors(all, 'the document');
    return await this.#accept(domain, findings, (told) => placeFindings(xml, told));
  }

  #parsed(xml: string, { strict }: { strict: boolean }) {
    const { domain, findings } = parseDomain(xml, { strict });
    refuseErrors(findings, 'the document');
    if (domain === undefined) throw new EngineError('invalid', 'the document is no domain', { findings });
    return { domain: withoutMadeNames(domain), findings };
  }

  #checks(filled: Domain): Check[] {
    return [
      ...foreignChecks(filled),
      { path: '/domain', refuse: () => refuseTooLittle(resourcesIn(filled, this.facts)) },
    ];
  }

  /** As `read`, for those who hold a domain; throws `invalid` with what its document would be refused for. */
  async check(domain: Domain): Promise<Accepted> {
    const findings = checkDomain(domain);
    refuseErrors(findings, 'the document');
    return await this.#accept(domain, findings);
  }

  /** Of a domain that was changed: what stood there before, which an older version may have let in, is not the change's fault. */
  async checkChange({
    before,
    after,
  }: {
    readonly before: Domain;
    readonly after: Domain;
  }): Promise<Accepted> {
    const findings = checkDomain(after);
    if (findings.some(isError)) {
      const old = new Set(checkDomain(before).map(wordsOf));
      refuseErrors(
        findings.filter((finding) => !old.has(wordsOf(finding))),
        'the changed document',
      );
    }
    const had = new Set([...faultsOf(before), ...oddOptions(before)].map(({ message }) => message));
    const isOld = ({ code, message }: Finding): boolean =>
      had.has(message) || (code === 'unread-profile' && before.profile === after.profile);
    return await this.#accept(after, findings, (faults) => faults.filter((fault) => !isOld(fault)));
  }

  /** `of` is what is told of faults. */
  async #accept(
    domain: Domain,
    findings: readonly Finding[],
    of: (faults: readonly Finding[]) => readonly Finding[] = (faults) => faults,
  ): Promise<Accepted> {
    const { domain: filled, findings: unread } = await this.#withProfile(domain);
    refuseErrors(of(oddOptions(filled)), 'the document');
    refuseAny(foreignChecks(filled));
    refuseErrors(of(faultsOf(filled)), 'the document');
    refuseTooLittle(resourcesIn(filled, this.facts));
    return {
      domain: filled,
      parts: partsOf(filled),
      claim: claimOf(filled, this.facts),
      findings: [
        ...findings,
        ...of(unread),
        ...notEnforced(filled),
        ...beyondHost(filled, this.facts),
        ...takenDown(filled),
      ],
    };
  }

  /** What of the host it would not start without, and is not there now. */
  hinders(domain: Domain): Finding[] {
    return hindersOf(devicesOf(domain), resourcesIn(domain, this.facts));
  }

  /** The stored forms of a domain: canonical XML, and for openvz the file its own tools read. */
  async documents(
    domain: Domain,
    record: DomainRecord,
    existingConf?: string,
  ): Promise<{ xml: string; native: Record<string, string> }> {
    const complete: Domain = { ...domain, uuid: record.uuid };
    const native: Record<string, string> = {};
    if (record.ctid !== null) {
      const { text } = writeCtidConf(existingConf, complete, {
        ctid: record.ctid,
        ...this.facts,
        uuid: record.uuid,
      });
      native[`${record.ctid}.conf`] = text;
    }
    return { xml: formatDomain(complete), native };
  }

  /** A domain of which nothing is known but its profile. */
  async ofProfile(profile: string): Promise<Domain> {
    return (await this.#withProfile(domainOfProfile(profile))).domain;
  }

  async #withProfile(domain: Domain): Promise<{ domain: Domain; findings: readonly Finding[] }> {
    const { profile: name } = domain;
    if (name === undefined) return { domain, findings: [] };
    return filledFrom(domain, { name, text: await this.profileText(name) }, this.facts);
  }
}

const faultsOf = ({ devices }: Domain) => linkFaults(devices.interfaces ?? [], devices.hostdevs);
const isError = ({ severity }: Finding): boolean => severity === 'error';
const wordsOf = ({ code, path, message }: Finding): string => `${code} ${path} ${message}`;

/** Throws `invalid` with all findings if one of them is an error; `what` is what they are of. */
export function refuseErrors(findings: readonly Finding[], what: string): void {
  const errors = findings.filter(isError);
  const [first] = errors;
  if (first === undefined) return;
  const more = errors.length > 1 ? `, and ${errors.length - 1} more` : '';
  throw new EngineError('invalid', `${what} cannot be used: ${first.message}${more}`, { findings });
}

/** Documents of full machines, and kinds of devices no container of ours has. */
function foreignChecks(domain: Domain): Check[] {
  const filesystems = domain.devices.filesystems ?? [];
  const placeOf = (index: number): string => `/domain/devices/filesystem[${index + 1}]`;
  return [
    { path: '/domain/@type', refuse: () => refuseMachine(domain) },
    { path: '/domain/os/type', refuse: () => refuseKernel(domain) },
    ...filesystems.map((filesystem, index) => ({
      path: placeOf(index),
      refuse: () => refuseUnconnected(filesystem, index + 1),
    })),
    { path: '/domain/idmap', refuse: () => refuseRootless(domain) },
    ...filesystems.flatMap(({ target }, index) =>
      target === undefined
        ? []
        : [{ path: `${placeOf(index)}/target`, refuse: () => refuseTarget(insidePath(target.dir)) }],
    ),
    { path: '/domain/devices/hostdev', refuse: () => void devicesOf(domain) },
    ...filesystems.flatMap((one, index) =>
      one.type === 'dataset'
        ? [{ path: `${placeOf(index)}/source`, refuse: () => refuseDataset(one.source.name) }]
        : [],
    ),
    ...linkChecks(domain),
    { path: '/domain/metadata', refuse: () => refuseSchedule(domain) },
  ];
}

function refuseMachine({ type }: Domain): void {
  if (!isContainerType(type))
    throw new EngineError(
      'unsupported',
      `a domain of type '${type}' is no container: openvz, lxc and vserver run here`,
    );
}

function refuseKernel({ os: { type } }: Domain): void {
  if (type.value !== 'exe')
    throw new EngineError(
      'unsupported',
      `a container is started by its init: <os><type>exe</type>, not '${type.value}'`,
    );
}

function refuseUnconnected(filesystem: Filesystem, number: number): void {
  const source = sourceOf(filesystem);
  if ('missing' in source)
    throw new EngineError(
      'unsupported',
      `filesystem ${number} of type '${filesystem.type}' cannot be had: ${source.missing}`,
    );
}

function refuseSchedule(domain: Domain): void {
  const { pattern } = scheduleOf(domain).snapshots ?? {};
  if (pattern !== undefined) checkSnapshotName(nameAt(pattern, new Date()));
}

/** Addresses of its links; each can be one domain's only. */
const addressesOf = (domain: Domain): string[] =>
  (domain.devices.interfaces ?? []).flatMap((link) =>
    (link.ips ?? []).map(({ address }) => normalAddress(address)),
  );

function partsOf(domain: Domain): DocumentParts {
  const filesystems = filesystemsOf(domain);
  const root = filesystems.find(({ target }) => target === '/');
  const schedule = scheduleOf(domain);
  return {
    name: domain.name,
    uuid: domain.uuid,
    type: domain.type,
    ...shownOf(domain),
    template: root?.kind === 'template' ? root.source : null,
    templates: filesystems.filter(({ kind }) => kind === 'template').map(({ source }) => source),
    profile: domain.profile ?? null,
    filesystems,
    ...(isScheduled(schedule) && { schedule }),
  };
}

/** What of the document of a run nobody else can have. */
export const heldOf = (domain: Domain): Held => ({ ...reachedBy(domain), datasets: datasetsOf(domain) });

/** What it is reached by, which is kept for it while it is off, too. */
function reachedBy(domain: Domain): Pick<DomainRecord, 'addresses' | 'forwards'> {
  const forwards = forwardsOf(domain);
  return { addresses: addressesOf(domain), ...(forwards.length > 0 && { forwards }) };
}

/** What of a document every list shows, and which ids it names. */
export const shownOf = (domain: Domain): Shown => {
  const own = ownMap(domain);
  return {
    title: domain.title ?? null,
    hostname: hostnameOf(domain),
    ...reachedBy(domain),
    writable: writableSources(filesystemsOf(domain)),
    ...(own !== undefined && { mapped: namedBy(own) }),
  };
};

/** The same of a run, with what its links have of networks. */
export const shownOfRun = (domain: Domain, record: DomainRecord): Shown => ({
  ...shownOf(domain),
  leases: leasesOf(domain, record),
});

const namedBy = ({ uids, gids }: NonNullable<Domain['idmap']>): NamedIds => {
  const namedOf = (ranges: typeof uids): HostIds[] =>
    (ranges ?? []).map(({ target, count }) => ({ first: target, count }));
  return { uid: namedOf(uids), gid: namedOf(gids) };
};

/** The document's host name, or one made of the domain's name where it gives none. */
export function hostnameOf(domain: Domain): string {
  if (domain.hostname !== undefined) return domain.hostname;
  const labels = domain.name.split('.').map(labelOf);
  return labels.filter((label) => label !== '').join('.') || 'localhost';
}

/** Others are no names for DNS, for mail and for some inits. */
const labelOf = (text: string): string =>
  text
    .replace(/[^A-Za-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63)
    .replace(/-+$/, '');

/** What the host opens for the domain; the others are made inside. */
export const filesystemsOf = (domain: Domain): FilesystemSpec[] =>
  placedFilesystems(domain).map(({ spec }) => spec);

/** The same, each with where it stands among the document's. */
export function placedFilesystems({ devices }: Domain): { spec: FilesystemSpec; index: number }[] {
  return (devices.filesystems ?? []).flatMap((filesystem, index) => {
    const source = sourceOf(filesystem);
    return 'kind' in source ? [{ spec: specOf(filesystem, source.kind, source.path), index }] : [];
  });
}

/** Folders of the host that the container writes to. */
export const writableSources = (filesystems: readonly FilesystemSpec[]): string[] =>
  filesystems.filter(({ kind, readOnly }) => kind === 'mount' && !readOnly).map(({ source }) => source);

/** Of the host, or of the container, where liblxc or the container itself mounts it; or what is missing for it. */
type FilesystemSource =
  | { readonly kind: FilesystemKind; readonly path: string }
  | { readonly inside: true }
  | { readonly missing: string };

function sourceOf(filesystem: Filesystem): FilesystemSource {
  switch (filesystem.type) {
    case 'template':
      return { kind: 'template', path: filesystem.source.name };
    case 'mount':
      return { kind: 'mount', path: filesystem.source.dir };
    case 'file':
      return { kind: 'file', path: filesystem.source.file };
    case 'block':
      return { kind: 'block', path: filesystem.source.dev };
    case 'ram':
    case 'bind':
    case 'dataset':
      return { inside: true };
    case 'volume':
      return { missing: 'storage volumes are not connected to containers yet' };
  }
}

function specOf(filesystem: Filesystem, kind: FilesystemKind, source: string): FilesystemSpec {
  const target = insidePath(filesystem.target?.dir ?? '/');
  const options = optionsOf(filesystem);
  return {
    key: keyOf(target),
    kind,
    source,
    target,
    readOnly: filesystem.readonly === true || options.includes('ro'),
    options,
    limit: limitOf(filesystem),
    soft: softOf(filesystem),
    owners: ownersOf(filesystem),
  };
}

/** Character devices; those that liblxc gives every container need not be given again. */
export function devicesOf({ devices }: Domain): string[] {
  return (devices.hostdevs ?? []).flatMap((one) => {
    if (one.type !== 'misc') return [];
    const path = devicePath(one.source.char);
    return path === undefined ? [] : [path];
  });
}

/** Datasets of ZFS that are handed over, none of them twice. */
function datasetsOf({ devices }: Domain): string[] {
  const names = (devices.filesystems ?? []).flatMap((one) =>
    one.type === 'dataset' ? [one.source.name] : [],
  );
  for (const name of names) refuseDataset(name);
  return [...new Set(names)];
}

function refuseDataset(name: string): void {
  if (!/^[A-Za-z][\w.:-]*(?:\/[\w.:-]+)*$/.test(name))
    throw new EngineError(
      'invalid',
      `'${name}' is no name of a dataset of ZFS: it is one such as tank/web, which is no path`,
      { name },
    );
}

const optionsOf = ({ source }: Filesystem): string[] => splitAtCommas(source.options);

/** 0 is no limit, as for libvirt and for the kernel's quotas. */
const limitIn = (number: number | undefined): number | undefined => (number === 0 ? undefined : number);

const pairOf = (soft: number | undefined, hard: number): SoftAndHard => ({
  soft: limitIn(soft),
  hard: limitIn(hard),
});

/** The second level; what is said of one owner twice counts once, the first time. */
function ownersOf({ quotas }: Filesystem): OwnerLimit[] {
  const owners = new Map<string, OwnerLimit>();
  const none = { soft: undefined, hard: undefined };
  for (const quota of quotas ?? []) {
    const { uid, gid } = quota;
    const id = uid ?? gid;
    if (id === undefined) continue;
    const kind = uid === undefined ? ('group' as const) : ('user' as const);
    const known = owners.get(`${kind} ${id}`) ?? { kind, id, bytes: none, inodes: none };
    const { bytes, inodes } = known;
    owners.set(
      `${kind} ${id}`,
      quota.type === 'size'
        ? {
            ...known,
            bytes: bytes.hard === undefined ? pairOf(quota.softBytes, quota.maxBytes) : bytes,
          }
        : { ...known, inodes: inodes.hard === undefined ? pairOf(quota.soft, quota.max) : inodes },
    );
  }
  return [...owners.values()].filter(({ bytes, inodes }) => (bytes.hard ?? inodes.hard) !== undefined);
}

/** The first level: limits of the whole file system, not those of one user. */
const wholeQuotas = ({ quotas }: Filesystem) =>
  (quotas ?? []).filter(({ uid, gid }) => uid === undefined && gid === undefined);

/** Those that are below the hard ones. */
function softOf(filesystem: Filesystem): DiskLimit | undefined {
  const hard = limitOf(filesystem);
  let bytes = limitIn(filesystem.spaceSoftLimitBytes);
  let inodes: number | undefined;
  for (const quota of wholeQuotas(filesystem)) {
    if (quota.type === 'size') bytes ??= limitIn(quota.softBytes);
    else inodes ??= limitIn(quota.soft);
  }
  const below = (soft: number | undefined, most: number | undefined): number | undefined =>
    soft === undefined || soft >= (most ?? Number.POSITIVE_INFINITY) ? undefined : soft;
  const soft = { bytes: below(bytes, hard?.bytes), inodes: below(inodes, hard?.inodes) };
  return soft.bytes === undefined && soft.inodes === undefined ? undefined : soft;
}

function limitOf(filesystem: Filesystem): DiskLimit | undefined {
  const whole = wholeQuotas(filesystem);
  let bytes = limitIn(filesystem.spaceHardLimitBytes);
  let inodes: number | undefined;
  for (const quota of whole) {
    if (quota.type === 'size') bytes ??= limitIn(quota.maxBytes);
    else inodes ??= limitIn(quota.max);
  }
  return bytes === undefined && inodes === undefined ? undefined : { bytes, inodes };
}

/** The document's own map; an element without ranges is none, as for libvirt. */
export const ownMap = ({ idmap }: Pick<Domain, 'idmap'>): Domain['idmap'] =>
  (idmap?.uids ?? []).length + (idmap?.gids ?? []).length === 0 ? undefined : idmap;

/** The kernel has nobody whom programs could start as, and liblxc no owner for the groups. */
function refuseRootless(domain: Domain): void {
  const own = ownMap(domain);
  if (own === undefined) return;
  for (const [kind, ranges] of [['uid', own.uids] as const, ['gid', own.gids] as const])
    if (!(ranges ?? []).some(({ start }) => start === 0))
      throw new EngineError(
        'invalid',
        `<idmap> maps no ${kind} 0: the container's root needs one on the host, by <${kind} start='0' target='...' count='...'/>`,
      );
}

/** Ids of the container on the host: the document's own map, or the range leased for the domain. */
export function idMapOf(domain: Domain, record: Pick<DomainRecord, 'ids' | 'name'>): IdMap {
  const own = ownMap(domain);
  if (own !== undefined) {
    const entries = (ranges: NonNullable<Domain['idmap']>['uids']): IdMap['uid'] =>
      (ranges ?? []).map(({ start, target, count }) => ({ inside: start, outside: target, count }));
    return { uid: entries(own.uids), gid: entries(own.gids) };
  }
  if (record.ids === null)
    throw new EngineError('internal', `domain '${record.name}' has neither an id range nor an <idmap>`);
  const range = [{ inside: 0, outside: record.ids.start, count: record.ids.count }];
  return { uid: range, gid: range };
}

/** What a start of a stored document takes. */
export function planOf(domain: Domain, record: DomainRecord, facts: HostFacts): RunPlan {
  const [init = '/sbin/init', ...initArguments] = initCommand(domain.os);
  return {
    program: [init, ...initArguments],
    environment: environmentOf(domain, record),
    workFolder: domain.os.initdir,
    user: numberOf(domain.os.inituser, 'inituser'),
    group: numberOf(domain.os.initgroup, 'initgroup'),
    arch: domain.os.type.arch,
    hostname: record.hostname,
    guestFiles: guestFilesOf(domain, record),
    credentials: record.credentials,
    filesystems: filesystemsOf(domain),
    graceSeconds: graceSecondsOf(domain),
    innerMounts: innerMountsOf(domain),
    devices: devicesOf(domain),
    datasets: datasetsOf(domain),
    links: linksOf(domain, record),
    lent: lentIn(domain, record),
    resources: resourcesIn(domain, facts),
    walls: wantedWalls(domain),
    map: idMapOf(domain, record),
    shifted: ownMap(domain) !== undefined,
  };
}

/** What becomes of a domain that ends by itself. */
export type EndAction = 'destroy' | 'restart';

/** `preserve` keeps a full machine's memory; of a container that has ended nothing is there to keep. */
export function endActionOf(domain: Domain, cause: 'poweroff' | 'reboot' | 'crash'): EndAction {
  return endingsOf(domain)[cause].endsWith('restart') ? 'restart' : 'destroy';
}

function environmentOf(domain: Domain, record: DomainRecord): Record<string, string> {
  const own = Object.fromEntries((domain.os.initenvs ?? []).map(({ name, value }) => [name, value ?? '']));
  const libvirt =
    domain.type === 'lxc' ? { LIBVIRT_LXC_NAME: record.name, LIBVIRT_LXC_UUID: record.uuid } : {};
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    TERM: 'linux',
    container_uuid: record.uuid,
    ...libvirt,
    ...own,
  };
}

function numberOf(value: string | undefined, element: string): number | undefined {
  if (value === undefined) return undefined;
  if (/^\+?\d{1,10}$/.test(value)) return Number(value);
  throw new EngineError(
    'unsupported',
    `<${element}>${value}</${element}>: only numbers are known here, since names are the container's own`,
  );
}

/** The files that tell the container its names. */
export function nameFilesOf(domain: Domain, record: DomainRecord): GuestFile[] {
  const leases = leasesOf(domain, record);
  const own = <T>(said: readonly T[], given: readonly T[]): T[] => [
    ...new Set(said.length > 0 ? said : given),
  ];
  return guestNames({
    hostname: hostnameOf(domain),
    isAsked: domain.hostname !== undefined,
    earlier: record.earlierHostnames ?? [],
    nameservers: own(
      (domain.dns?.nameservers ?? []).map(({ address }) => address),
      leases.flatMap(({ nameservers }) => nameservers),
    ),
    searches: own(
      (domain.dns?.searches ?? []).map(({ domain: name }) => name),
      leases.flatMap(({ searches }) => searches),
    ),
  });
}

/** What is written for it before it runs: its names, and at first what it is known by. */
function guestFilesOf(domain: Domain, record: DomainRecord): GuestFile[] {
  const names = nameFilesOf(domain, record);
  const root = domain.devices.filesystems?.find(({ target }) => target?.dir === '/');
  // Once it has run, they are its own; and files that are no template's are as somebody made them.
  const isNew = record.lastReason === 'unknown' && root?.type === 'template';
  return isNew ? [...names, machineId(record.uuid), ...hostKeys(record.hostname)] : names;
}

function innerMountsOf(domain: Domain): InnerMount[] {
  return (domain.devices.filesystems ?? []).flatMap((filesystem): InnerMount[] => {
    if (filesystem.target === undefined) return [];
    const target = insidePath(filesystem.target.dir);
    if (filesystem.type !== 'ram' && filesystem.type !== 'bind') return [];
    const options = optionsOf(filesystem);
    const common = { target, options, readOnly: filesystem.readonly === true || options.includes('ro') };
    if (filesystem.type === 'ram')
      return [{ ...common, kind: 'ram', source: 'tmpfs', sizeKiB: filesystem.source.usageKiB }];
    return [{ ...common, kind: 'bind', source: insidePath(filesystem.source.dir), sizeKiB: undefined }];
  });
}
