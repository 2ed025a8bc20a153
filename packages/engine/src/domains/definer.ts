// Defines and undefines domains: each appears whole with its files, and goes whole.
// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LifecycleEvent } from '@ctvirt/api';
import type { ResourceOptions } from '@ctvirt/formats';
import { type Domain, type Finding, formatDomain, placeFindings } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import type { Admission } from '../guarantees/admission.js';
import type { Credentials } from '../guest/credentials.js';
import type { Keeper } from '../history/keeper.js';
import type { Hooks } from '../hooks/hooks.js';
import type { ProjectRange } from '../host/projects.js';
import { Undo } from '../host/undo.js';
import type { UserNamespacePool } from '../host/userns.js';
import type { Lives } from '../life/lives.js';
import { type Check, Refused, refusalsIn, refuseAny } from '../lifecycle/checks.js';
import type { Claim } from '../lifecycle/claim.js';
import {
  type DocumentParts,
  idMapOf,
  ownMap,
  placedFilesystems,
  type Reader,
  writableSources,
} from '../lifecycle/document.js';
import { hasTag, tagOfRun } from '../lifecycle/document-tag.js';
import type { Changed, Edit } from '../lifecycle/edit.js';
import { linksOf } from '../lifecycle/links.js';
import { notKept, remarkOf } from '../lifecycle/not-enforced.js';
import { withOwnMacs } from '../lifecycle/own-macs.js';
import { type Compared, sharedIds } from '../lifecycle/shared-ids.js';
import { readStored } from '../lifecycle/stored-document.js';
import { elsewhere, refuseHostAddresses, routedElsewhere } from '../network/refusals.js';
import { mergedLeases } from '../networks/choice.js';
import type { NetworkLinks } from '../networks/links.js';
import { withoutPlaces } from '../networks/placing.js';
import type { Documents as DomainDocuments } from '../registry/documents.js';
import { checkFree, type Entry, HIGHEST_ID, type Registry } from '../registry/registry.js';
import type { ConsoleLogs } from '../state/console-logs.js';
import { type IdRanges, RANGE_SIZE } from '../state/id-ranges.js';
import { checkName, checkNewName } from '../state/names.js';
import type { KeyedQueue } from '../state/queue.js';
import { changeNow, type DomainRecord, type LinkLease, leasedIn } from '../state/record.js';
import {
  type Documents,
  type DomainStore,
  hasHostIds,
  type KeptRoot,
  type Lease,
  type Made,
} from '../state/store.js';
import {
  backends,
  chooseLayer,
  type FilesystemSpec,
  type LayerPool,
  otherDomain,
  type Sources,
  type StorageContext,
} from '../storage/index.js';
import type { RootContext, RootMounts } from '../storage/root-mounts.js';
import { noteChange } from './life.js';
import { fixedOf, misfitOf, type Roots } from './roots.js';
import { refuseGiven } from './turns.js';

/** Dependencies of `Definer`. */
export interface DefinerParts {
  readonly store: DomainStore;
  readonly registry: Registry;
  readonly documents: Pick<DomainDocuments, 'live' | 'liveXml' | 'stored'>;
  readonly ids: IdRanges;
  readonly roots: Roots;
  readonly namespaces: UserNamespacePool;
  readonly sources: Sources;
  readonly queue: KeyedQueue;
  readonly reader: Reader;
  readonly admission: Admission;
  readonly networkLinks: NetworkLinks;
  readonly consoleLogs: Pick<ConsoleLogs, 'forget'>;
  readonly keeper: Pick<Keeper, 'forget'>;
  readonly lives: Pick<Lives, 'forget' | 'note'>;
  readonly facts: ResourceOptions;
  readonly hooks: Pick<Hooks, 'ask' | 'tell'>;
  readonly rootMounts: Pick<RootMounts, 'refuse'>;
  /** What is to be said of the filters that it names. */
  readonly filterFindings: (domain: Domain) => Promise<Finding[]>;
  /** What nobody will keep of the limits of its users. */
  readonly ownersRemark: (entry: Entry, specs: readonly FilesystemSpec[]) => string | undefined;
  /** What holds more already than it may. */
  readonly overfull: (entry: Entry, specs: readonly FilesystemSpec[]) => Promise<string[]>;
  readonly templatePath: (name: string) => string;
  readonly projectIds: ProjectRange | undefined;
  readonly layerPool: LayerPool | undefined;
  readonly emit: (event: LifecycleEvent['event'], detail: string, entry: Entry) => void;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/** How a document is defined. */
export interface DefineOptions {
  /** Whether what the schema does not know is an error. */
  readonly strict?: boolean | undefined;
  /** Whether a document without a UUID is a new domain's, even if there is one of its name, as for libvirt. */
  readonly uuidDecides?: boolean | undefined;
  /** Whose document it is to be, and has to be; with tags, only if the one that is stored has one of them. */
  readonly of?: { readonly uuid: string; readonly tags?: readonly string[] | undefined } | undefined;
  /** A transient domain goes, files and all, when it stops. */
  readonly persistent: boolean;
  /** What it has besides its document, of a domain that has to be new: one of its name, or files kept of one, are in the way. */
  readonly fresh?: Fresh | undefined;
  /** Only for a domain that is new, on files that are not ours. */
  readonly adoption?: Adoption | undefined;
}

/** What a new domain has besides its document. */
export interface Fresh {
  readonly autostart: boolean;
  readonly credentials?: Credentials | undefined;
  /** That of the domain it is a copy of, if it is to be the same one. */
  readonly ctid?: number | null | undefined;
  /** Whether it ran before: what it is known by is its own then. */
  readonly hasRun?: boolean | undefined;
  /** Names that its files may still have. */
  readonly earlierHostnames?: readonly string[] | undefined;
  /** Makes its layers with its files, while nobody else finds them. */
  readonly fill?: FillRoot | undefined;
  readonly order?: number | undefined;
  readonly delaySeconds?: number | undefined;
}

/** A domain that is to come: what is its own is taken, and nothing of it is on disk. */
export interface Reserved {
  readonly entry: Entry;
  readonly domain: Domain;
  readonly documents: Documents;
  /** File systems that are to be made for it. */
  readonly specs: readonly FilesystemSpec[];
  readonly findings: readonly Finding[];
  readonly claim: Claim;
}

/** What is to be filled: file systems that are to be made, and what opening one takes. */
export interface MadeRoot {
  readonly record: DomainRecord;
  readonly specs: readonly FilesystemSpec[];
  readonly context: RootContext;
  /** Makes one that has none of its files yet. */
  readonly make: (spec: FilesystemSpec) => Promise<void>;
}

/** Makes and fills them; if it throws, nothing of the domain stays. */
export type FillRoot = (made: MadeRoot) => Promise<void>;

/** What a domain brings along from the system it comes from. */
export interface Adoption {
  /** Where its root lies, links followed. */
  readonly files: string;
  readonly autostart: boolean;
  readonly order?: number | undefined;
  readonly delaySeconds?: number | undefined;
  readonly ctid: number | undefined;
  /** Its CTID.conf as it stands, whose comments and unknown keys are kept. */
  readonly conf: string | undefined;
}

/** Defines domains, changes their stored documents, and removes them. */
export class Definer {
  constructor(private readonly parts: DefinerParts) {}

  /** A document as a user hands it in, or a domain that somebody has made; throws `invalid` with all that is wrong in it. */
  async define(
    given: string | Domain,
    options: DefineOptions,
  ): Promise<{ entry: Entry; findings: readonly Finding[]; isChanged: boolean }> {
    const { findings, ...read } = await this.#read(given, options.strict === true);
    const unsafe = this.#lookAtSources(read.domain, read.parts);
    return await this.parts.queue.run(read.parts.name, async () => {
      const existing = this.parts.registry.byName(read.parts.name);
      if (existing !== undefined) refuseGiven(existing);
      else checkNewName(read.parts.name);
      this.#refuseTaken(read.parts.name, options);
      if (options.of !== undefined) await this.#refuseOther(existing, read.parts.name, options.of);
      // One that is transient has no definition, only starts.
      if (options.persistent)
        await this.parts.hooks.ask({ name: read.parts.name, xml: () => formatDomain(read.domain) }, 'define');
      const entry =
        existing === undefined
          ? await this.#addWithRoot(read.domain, read.parts, options, findings)
          : await this.#change(existing, read.domain, read.parts, options);
      findings.push(...(await this.#remarks(entry, read)), ...unsafe);
      const placed = typeof given === 'string' ? placeFindings(given, findings) : findings;
      return { entry, findings: placed, isChanged: existing !== undefined };
    });
  }

  /** What is to be said once it is known what the domain has, or would have. */
  async #remarks(
    entry: Entry,
    { domain, parts: { filesystems } }: { readonly domain: Domain; readonly parts: DocumentParts },
  ): Promise<Finding[]> {
    const unkept = this.parts.ownersRemark(entry, filesystems);
    const overfull = await this.parts.overfull(entry, filesystems);
    return [
      ...this.#shared(domain, entry),
      ...(unkept === undefined ? [] : [notKept('/domain/devices/filesystem/quota', unkept)]),
      ...overfull.map((remark) => remarkOf('over-limit', '/domain/devices/filesystem', remark)),
      ...(entry.running === undefined ? this.#routedElsewhere(domain, entry) : []),
    ];
  }

  /** What `define` would say, which is not done: what a domain needs is taken for the moment, and nothing is made. */
  async preview(
    given: string | Domain,
    { strict, adoption }: Pick<DefineOptions, 'strict' | 'adoption'>,
  ): Promise<{ name: string; findings: readonly Finding[]; isChange: boolean }> {
    const { findings, ...read } = await this.#read(given, strict === true, { isWhole: true });
    const { domain, parts } = read;
    const placed = (told: readonly Finding[]) =>
      typeof given === 'string' ? placeFindings(given, told) : told;
    return await this.parts.queue.run(parts.name, async () => {
      const existing = this.parts.registry.byName(parts.name);
      this.#refuseTaken(parts.name, { adoption });
      const refusals = refusalsIn(this.#previewChecks(domain, parts, { existing, adoption }));
      const [first] = refusals;
      // Who adopts is told of one, as by adopting.
      if (first !== undefined && typeof given !== 'string') throw first.error;
      if (first !== undefined)
        throw new Refused(first.error, placed([...findings, ...refusals.map(({ finding }) => finding)]));
      findings.push(...this.#lookAtSources(domain, parts));
      await using undo = new Undo();
      if (existing === undefined) {
        const { kept, remark } = this.parts.roots.lookFor(parts);
        const options = { persistent: true, adoption };
        const { entry } = await this.#reserve(domain, parts, { options, kept, undo });
        findings.push(...(await this.#remarks(entry, read)));
        if (remark !== undefined) findings.push(remarkOf('kept-files', '/domain/name', remark));
      } else {
        using _taken = await this.#take(existing, toBeStored(domain, existing.record), parts);
        this.#idsFor(existing, parts, undo);
        findings.push(...(await this.#remarks(existing, read)));
      }
      if (existing?.running === undefined) findings.push(...(await this.#hinders(domain, parts, read.claim)));
      return { name: parts.name, findings: placed(findings), isChange: existing !== undefined };
    });
  }

  /** All that a definition is refused for by what there is on this host. */
  #previewChecks(
    domain: Domain,
    parts: DocumentParts,
    { existing, adoption }: { readonly existing: Entry | undefined; readonly adoption: Adoption | undefined },
  ): Check[] {
    const { roots, sources, templatePath } = this.parts;
    const ctid = existing === undefined ? (adoption?.ctid ?? this.#ctidFor(parts)) : existing.record.ctid;
    return [
      ...(existing === undefined
        ? [
            { path: '/domain/name', refuse: () => checkNewName(parts.name) },
            { path: '/domain/uuid', refuse: () => roots.refuseGiven(parts.uuid) },
          ]
        : [
            { path: '/domain/name', refuse: () => refuseGiven(existing) },
            { path: '/domain/uuid', refuse: () => refuseChange(existing, parts, { persistent: true }) },
          ]),
      ...this.#freeChecks(existing?.record.uuid ?? parts.uuid, ctid, parts, existing, adoption?.files),
      ...placedFilesystems(domain).map(({ spec, index }) => ({
        path: `/domain/devices/filesystem[${index + 1}]/source`,
        refuse: () =>
          void (spec.kind === 'template'
            ? templatePath(spec.source)
            : sources.remarks(spec, parts.mapped !== undefined)),
      })),
    ];
  }

  /** What it would not start without now, of a domain that is off. */
  async #hinders(domain: Domain, parts: DocumentParts, claim: Claim): Promise<Finding[]> {
    const { sources, admission, reader } = this.parts;
    const missing = placedFilesystems(domain).flatMap(({ spec, index }) => {
      if (spec.kind === 'template') return [];
      const path = `/domain/devices/filesystem[${index + 1}]/source`;
      const refuse = () => sources.open(spec, parts.mapped !== undefined)[Symbol.dispose]();
      return refusalsIn([{ path, refuse }]).map(({ error }) => remarkOf('no-source', path, error.message));
    });
    const short = await admission.obstacle(claim);
    return [
      ...missing,
      ...reader.hinders(domain),
      ...(short === undefined ? [] : [remarkOf('no-start', '/domain', short)]),
    ];
  }

  /** What `define` would say of a new domain, which is not made. */
  async look(
    xml: string,
    {
      toCome = [],
      toStart = false,
    }: { readonly toCome?: readonly string[]; readonly toStart?: boolean } = {},
  ): Promise<readonly Finding[]> {
    const { domain, findings, parts } = await this.#read(xml, false);
    this.#refuseTaken(parts.name, { fresh: { autostart: false } });
    refuseAny(this.#freeChecks(parts.uuid, this.#ctidFor(parts), parts, undefined));
    for (const { kind, source } of parts.filesystems)
      if (kind === 'template' && !toCome.includes(source)) this.parts.templatePath(source);
    // What is not there is no matter of a definition, but of a start.
    if (toStart) this.#openSources(parts);
    return placeFindings(xml, [...findings, ...this.#lookAtSources(domain, parts)]);
  }

  #openSources({ filesystems }: DocumentParts): void {
    for (const spec of filesystems)
      if (spec.kind !== 'template') this.parts.sources.open(spec)[Symbol.dispose]();
  }

  async #read(given: string | Domain, strict: boolean, { isWhole = false } = {}) {
    const { reader, networkLinks, filterFindings } = this.parts;
    const readText = async (xml: string) =>
      isWhole ? await reader.readWhole(xml, { strict }) : await reader.read(xml, { strict });
    const read = typeof given === 'string' ? await readText(given) : await reader.check(given);
    checkName(read.parts.name);
    const findings = [
      ...read.findings,
      ...this.#weigh(read.claim),
      ...networkLinks.findings(read.domain),
      ...(await filterFindings(read.domain)),
      ...(await networkLinks.shadowed(read.domain)),
    ];
    return { ...read, findings };
  }

  #refuseTaken(name: string, { fresh, adoption }: Pick<DefineOptions, 'fresh' | 'adoption'>): void {
    if (fresh === undefined && adoption === undefined) return;
    if (this.parts.registry.byName(name) !== undefined)
      throw new EngineError('exists', `domain '${name}' is already defined`, { name, holder: name });
  }

  /** Throws `changed` where it is not any more what who asks has seen. */
  async #refuseOther(
    existing: Entry | undefined,
    name: string,
    { uuid, tags }: NonNullable<DefineOptions['of']>,
  ): Promise<void> {
    const { registry, store } = this.parts;
    if (existing?.record.uuid !== uuid) {
      const meant = registry.byUuid(uuid)?.record.name ?? uuid;
      throw new EngineError(
        'invalid',
        `the document is that of domain '${name}', not of '${meant}': \`ctvirt rename\` gives a domain another name`,
        { name },
      );
    }
    if (tags === undefined || hasTag(await store.readXml(name), tags)) return;
    const { at, by } = existing.record.changed ?? { at: existing.record.createdAt };
    const details = { name, at, ...(by !== undefined && { by }) };
    if (await this.#isOfRun(existing, tags))
      throw new EngineError('changed', tagOfRun(`domain '${name}'`), details);
    const change =
      existing.record.changed === undefined
        ? `is not the one of that tag, and is as it was since ${at}`
        : `was changed meanwhile: ${at}${by === undefined ? '' : `, by ${by}`}`;
    throw new EngineError('changed', `the document of domain '${name}' ${change}`, details);
  }

  async #isOfRun(entry: Entry, tags: readonly string[]): Promise<boolean> {
    if (entry.running === undefined) return false;
    const { documents } = this.parts;
    const links = linksOf(await documents.live(entry), entry.record);
    return hasTag(await documents.liveXml(entry, links), tags);
  }

  /** What is kept for it there is nobody else's. It is defined whether or not they can be told: they are told again at its start. */
  async #tellNetworks(entry: Entry): Promise<void> {
    await this.parts.networkLinks
      .tell(entry, undefined)
      .catch((error: unknown) =>
        this.parts.log(
          'warn',
          `domain '${entry.record.name}': its networks do not know of it: ${String(error)}`,
        ),
      );
  }

  /** A map of its own may name what others have, and another one's what this one leased. */
  #shared(domain: Domain, { record }: Entry): Finding[] {
    const isLeased = ownMap(domain) === undefined;
    const compared: Compared = {
      isLeased,
      sharers: (kind, ids) => this.parts.ids.sharers(record.name, kind, ids),
    };
    return sharedIds(idMapOf(domain, record), compared).map(({ kind, index, message }) =>
      remarkOf('shared-ids', isLeased ? '/domain' : `/domain/idmap/${kind}[${index + 1}]`, message),
    );
  }

  /** Refuses what no container may have, and says what others could do by what this one gets. */
  #lookAtSources(domain: Domain, { mapped }: DocumentParts): Finding[] {
    return placedFilesystems(domain).flatMap(({ spec, index }) =>
      this.parts.sources
        .remarks(spec, mapped !== undefined)
        .map((message) =>
          remarkOf('unsafe-source', `/domain/devices/filesystem[${index + 1}]/source`, message),
        ),
    );
  }

  /** Which it is not started with as long as that is so. */
  #routedElsewhere(domain: Domain, { record }: Entry): Finding[] {
    return routedElsewhere(linksOf(domain, record)).map(({ address, link, index }) =>
      remarkOf('taken-address', `/domain/devices/interface[${index + 1}]`, elsewhere(address, link)),
    );
  }

  #weigh(claim: Claim): Finding[] {
    const remark = this.parts.admission.alone(claim);
    return remark === undefined ? [] : [notKept('/domain', remark)];
  }

  /** On the files that were kept of it, if there are any: a domain is known by its UUID, and a name alone gets nobody's files. */
  async #addWithRoot(
    domain: Domain,
    parts: DocumentParts,
    options: DefineOptions,
    findings: Finding[],
  ): Promise<Entry> {
    const { roots } = this.parts;
    roots.refuseGiven(parts.uuid);
    const found = roots.lookFor(parts);
    // Who brings files has no use for others.
    const { kept, remark } = options.fresh?.fill === undefined ? found : {};
    const entry =
      kept === undefined
        ? await this.#add(domain, parts, options)
        : await roots.turn(kept.root, async (found) => await this.#add(domain, parts, options, found));
    if (remark !== undefined) {
      findings.push(remarkOf('kept-files', '/domain/name', remark));
      // libvirt's clients are told no findings.
      this.parts.log('info', `domain '${parts.name}': ${remark}`);
    }
    return entry;
  }

  /** Takes all that a new domain of this document needs, until `undo` gives it back; nothing is made. */
  async reserve(xml: string, fresh: Fresh, undo: Undo): Promise<Reserved> {
    const { domain, findings, parts, claim } = await this.#read(xml, false);
    const unsafe = this.#lookAtSources(domain, parts);
    return await this.parts.queue.run(parts.name, async () => {
      const options = { persistent: true, fresh };
      this.#refuseTaken(parts.name, options);
      const reserved = await this.#reserve(domain, parts, { options, kept: undefined, undo });
      return { ...reserved, findings: [...findings, ...unsafe], claim };
    });
  }

  /** Makes its file systems in an empty folder; returns how they are kept. */
  async makeLayers(folder: string, { entry: { record }, domain, specs }: Reserved): Promise<readonly Made[]> {
    const made = this.#madeOf(record, domain, specs);
    for (const spec of specs)
      await backends[spec.kind].create?.(spec, this.#context(folder, record, domain, made));
    return made;
  }

  /** One that was to come is there, files and all. */
  async arrived(entry: Entry): Promise<void> {
    entry.presence = 'here';
    await this.#tellNetworks(entry);
    this.parts.emit('defined', 'added', entry);
  }

  async #add(given: Domain, parts: DocumentParts, options: DefineOptions, kept?: KeptRoot): Promise<Entry> {
    const { store, roots } = this.parts;
    await using undo = new Undo();
    const { entry, domain, documents, specs } = await this.#reserve(given, parts, { options, kept, undo });
    const { record } = entry;
    if (kept !== undefined) {
      await roots.take(kept, record, undo);
      await this.#extendRoot(record, domain, store.lease(record.name), specs);
    } else if (specs.length > 0) await this.#makeRoot(record, domain, specs, undo, options.fresh?.fill);
    await store.create(record, documents);
    if (kept !== undefined) {
      // Only now: a lease that is not kept and has no domain is what an interrupted define leaves, and is removed.
      undo.push(() => store.remove(parts.name));
      await store.ownRoot(record, store.lease(record.name) ?? kept.lease);
    }
    undo.keep();
    entry.presence = 'here';
    await this.#tellNetworks(entry);
    // A transient one has no definition: its start is the first that is told of it.
    if (record.persistent) this.parts.emit('defined', 'added', entry);
    return entry;
  }

  async #reserve(
    given: Domain,
    parts: DocumentParts,
    {
      options,
      kept,
      undo,
    }: { readonly options: DefineOptions; readonly kept: KeptRoot | undefined; readonly undo: Undo },
  ): Promise<Omit<Reserved, 'findings' | 'claim'>> {
    const { store, registry, ids, networkLinks } = this.parts;
    const { adoption, fresh } = options;
    const brought = adoption ?? fresh;
    const choose = await networkLinks.chooserFor(given);
    const uuid = parts.uuid ?? randomUUID();
    const ctid = adoption?.ctid ?? (fresh?.ctid === undefined ? this.#ctidFor(parts) : fresh.ctid);
    refuseAny(this.#freeChecks(uuid, ctid, parts, undefined, adoption?.files));
    const leased =
      parts.mapped !== undefined
        ? null
        : (kept?.lease.ids ?? { start: ids.lease(parts.name), count: RANGE_SIZE });
    if (leased !== null && leased !== kept?.lease.ids) undo.push(() => ids.release(leased.start));
    const unaddressed: DomainRecord = {
      version: 1,
      ...recordFields(parts),
      uuid,
      ctid,
      autostart: brought?.autostart === true,
      persistent: options.persistent,
      // What was kept is not a transient one's to erase.
      eraseAtEnd: !options.persistent && kept === undefined,
      ids: leased,
      createdAt: new Date().toISOString(),
      lastReason: fresh?.hasRun === true ? 'shutdown' : 'unknown',
      ...(fresh?.earlierHostnames !== undefined && { earlierHostnames: fresh.earlierHostnames }),
      ...(adoption !== undefined && { adopted: adoption.files }),
      ...(brought?.order !== undefined && { order: brought.order }),
      ...(brought?.delaySeconds !== undefined && { delaySeconds: brought.delaySeconds }),
      ...(fresh?.credentials !== undefined && { credentials: fresh.credentials }),
    };
    const domain = toBeStored(given, unaddressed);
    const record = withLeases(unaddressed, choose({ domain, record: unaddressed, own: undefined }));
    registry.checkAddresses(leasedIn(record), undefined);
    // From here on name, UUID, CTID and addresses are taken.
    const entry = registry.add(record, 'shutoff', 'unknown');
    entry.presence = 'coming';
    undo.push(() => registry.remove(entry));
    if (adoption !== undefined)
      for (const spec of parts.filesystems)
        await backends[spec.kind].check(
          spec,
          this.#context(store.rootFolder(record.name), record, domain, []),
        );
    const documents = await this.parts.reader.documents(domain, record, adoption?.conf);
    const specs = parts.filesystems.filter(({ kind }) => backends[kind].create !== undefined);
    for (const spec of parts.filesystems) if (spec.kind === 'template') this.parts.templatePath(spec.source);
    return { entry, domain, documents, specs };
  }

  /** A document for a domain that exists: its identity and its files stay, the rest is replaced. */
  async #change(
    entry: Entry,
    given: Domain,
    parts: DocumentParts,
    options: DefineOptions & { readonly isQuiet?: boolean; readonly exchange?: () => Promise<void> },
  ): Promise<Entry> {
    const { store, registry } = this.parts;
    const { record } = entry;
    const domain = toBeStored(given, record);
    refuseChange(entry, parts, options);
    // Others are defined meanwhile: from here on its new addresses and ids are taken.
    using taken = await this.#take(entry, domain, parts);
    const { leases, lease } = taken;
    await using undo = new Undo();
    const leased = this.#idsFor(entry, parts, undo);
    const specs = parts.filesystems.filter(({ kind }) => backends[kind].create !== undefined);
    await this.#extendRoot({ ...record, ids: leased }, domain, lease, specs);
    const { adopted, leases: _leases, ...rest } = recordWith(record, parts);
    const next: DomainRecord = {
      ...rest,
      ...(leases.length > 0 && { leases }),
      ids: leased,
      persistent: true,
      eraseAtEnd: false,
      changed: changeNow(),
      ...(adopted !== undefined && isRootAt(parts, adopted) && { adopted }),
      // A run keeps what it was started with.
      ...(entry.running !== undefined && {
        writable: [...new Set([...(record.writable ?? []), ...writableSources(parts.filesystems)])],
      }),
    };
    const conf = record.ctid === null ? undefined : store.readNative(record.name, `${record.ctid}.conf`);
    const documents = await this.parts.reader.documents(domain, next, conf);
    // Only to tell what is another: one that cannot be read any more is replaced all the same.
    const before =
      options.isQuiet === true ? undefined : await this.parts.documents.stored(entry).catch(() => undefined);
    await options.exchange?.();
    await store.update(next, documents);
    undo.keep();
    registry.replace(entry, next);
    if (record.ids !== null && leased === null) this.parts.ids.release(record.ids.start);
    if (entry.running === undefined) await this.#tellNetworks(entry);
    if (options.isQuiet === true) return entry;
    const detail = record.persistent ? 'updated' : 'added';
    this.parts.emit('defined', detail, entry);
    if (record.persistent)
      noteChange(entry, { event: 'defined', detail }, { before, after: domain }, this.parts);
    return entry;
  }

  /** Throws what a document is refused for by a domain that exists; what it is to have nobody else takes until it is disposed. */
  async #take(entry: Entry, domain: Domain, parts: DocumentParts) {
    const { store, registry, networkLinks } = this.parts;
    const { record } = entry;
    const choose = await networkLinks.chooserFor(domain);
    refuseAny(this.#freeChecks(record.uuid, record.ctid, parts, entry));
    const chosen = choose({ domain, record: recordWith(record, parts), own: entry });
    // A run keeps what it was started with.
    const leases = entry.running === undefined ? chosen : mergedLeases(record.leases ?? [], chosen);
    const lease = store.lease(record.name);
    if (lease !== undefined) checkMade(lease, parts);
    if (hasOtherIds(record, parts) && (lease === undefined || hasHostIds(lease))) throw otherIds(record.name);
    for (const spec of parts.filesystems) if (spec.kind === 'template') this.parts.templatePath(spec.source);
    const addresses = [...parts.addresses, ...leasedIn({ leases })];
    return { ...registry.reserve(entry, { ...parts, addresses }), leases, lease };
  }

  /** Throws why a domain would not have a document of before once it is off, or not start with it, as far as that can be known now. */
  async judge(entry: Entry, domain: Domain, { toStart }: { readonly toStart: boolean }): Promise<void> {
    const read = await this.parts.reader.checkChange({ before: domain, after: domain });
    this.#weigh(read.claim);
    using _taken = await this.#take(entry, toBeStored(read.domain, entry.record), read.parts);
    if (toStart) this.#openSources(read.parts);
  }

  /** Changes the stored document in a turn of the domain's queue; no event of its definition, since the domain stays what it is. */
  async amend(entry: Entry, edit: Edit): Promise<Changed> {
    const { record } = entry;
    if (!record.persistent) throw transient();
    const before = readStored(await this.parts.store.readXml(record.name), record.name);
    const after = { ...edit(before, 'stored'), name: record.name, uuid: record.uuid };
    const read = await this.parts.reader.checkChange({ before, after });
    this.#weigh(read.claim);
    await this.#change(entry, read.domain, read.parts, { persistent: true, isQuiet: true });
    return { before, after: read.domain };
  }

  /** Gives a domain that is off a document of before; what `exchange` does with its files is done when nothing is refused any more. */
  async revert(entry: Entry, domain: Domain, exchange: () => Promise<void>): Promise<void> {
    const read = await this.parts.reader.checkChange({ before: domain, after: domain });
    this.#weigh(read.claim);
    await this.#change(entry, read.domain, read.parts, { persistent: true, isQuiet: true, exchange });
  }

  /** Takes the definition away. A running domain goes on and is forgotten when it stops. */
  async undefine(entry: Entry, options: { storage: boolean }): Promise<void> {
    const { store, log, hooks } = this.parts;
    const { name, uuid, adopted } = entry.record;
    this.parts.rootMounts.refuse(entry.record);
    if (options.storage && adopted !== undefined)
      throw new EngineError(
        'denied',
        `domain '${name}' was adopted: its files in ${adopted} were there before it and are not erased; undefine it without its storage, then remove them yourself`,
        { files: adopted },
      );
    const xml = await store.readXml(name).catch(() => '');
    const tell = async (): Promise<void> => {
      this.parts.emit('undefined', 'removed', entry);
      await hooks.tell({ name, xml: () => xml }, 'undefine');
    };
    if (entry.state === 'shutoff') {
      try {
        await this.forget(entry, { erase: options.storage });
      } finally {
        // It is gone, too, where not all of its files are erased yet.
        if (this.parts.registry.byUuid(uuid) !== entry) await tell();
      }
      return;
    }
    if (!entry.record.persistent)
      throw new EngineError('wrong-state', `domain '${entry.record.name}' is transient: destroy ends it`);
    const next: DomainRecord = {
      ...entry.record,
      persistent: false,
      autostart: false,
      eraseAtEnd: options.storage,
    };
    await store.writeRecord(next);
    this.parts.registry.replace(entry, next);
    if (!options.storage && store.lease(name) !== undefined)
      log(
        'warn',
        `domain '${name}' (${uuid}): its files are kept when it stops: \`ctvirt root list\` shows them then`,
      );
    await tell();
  }

  /** Removes a domain that does not run; without `erase` its files are kept, and the ids that they carry with them. */
  async forget(entry: Entry, options: { erase: boolean }): Promise<void> {
    const { store, registry, ids, roots, networkLinks, log } = this.parts;
    const { record } = entry;
    // The end of a start that is taken back forgets a transient one before whoever asked for it can.
    if (registry.byUuid(record.uuid) !== entry) return;
    const isKept = !options.erase && (await store.keepRoot(record.name, record.mapped));
    entry.presence = 'going';
    await store.remove(record.name).catch((error: unknown) => {
      if (!existsSync(store.folder(record.name))) return log('warn', String(error));
      entry.presence = 'here';
      throw error;
    });
    registry.remove(entry);
    if (isKept) await roots.putAside(record);
    this.parts.consoleLogs.forget(record.uuid);
    this.parts.keeper.forget(record.uuid);
    this.parts.lives.forget(record.uuid);
    await networkLinks.forget(entry);
    try {
      if (!isKept) await roots.erase(record);
    } finally {
      // What kept files carry they keep.
      if (record.ids !== null) ids.release(record.ids.start);
    }
  }

  /** Makes what its root lacks of the file systems that its document has. */
  async complete(
    { record }: Entry,
    { domain, parts }: { domain: Domain; parts: DocumentParts },
  ): Promise<void> {
    const specs = parts.filesystems.filter(({ kind }) => backends[kind].create !== undefined);
    await this.#extendRoot(record, domain, this.parts.store.lease(record.name), specs);
  }

  /**
   * Makes files for a domain as its definition would, with ids of their own, and keeps them beside those that it has: `fill` gets
   * them before they are there.
   */
  async makeBeside(
    { record }: Entry,
    { domain, parts }: { domain: Domain; parts: DocumentParts },
    fill: (record: DomainRecord, context: StorageContext) => Promise<void>,
  ): Promise<KeptRoot> {
    const { store, ids } = this.parts;
    const { name, uuid, mapped } = record;
    await using undo = new Undo();
    const leased = record.ids === null ? null : { start: ids.lease(name), count: RANGE_SIZE };
    if (leased !== null) undo.push(() => ids.release(leased.start));
    const specs = parts.filesystems.filter(({ kind }) => backends[kind].create !== undefined);
    const beside = { ...record, ids: leased };
    const made = this.#madeOf(beside, domain, specs);
    const keptAt = new Date().toISOString();
    const lease: Lease = { name, uuid, ids: leased, made, kept: true, keptAt, ...(mapped && { mapped }) };
    const kept = await store.makeKept(lease, async (folder) => {
      const context = this.#context(folder, beside, domain, made);
      for (const spec of specs) await backends[spec.kind].create?.(spec, context);
      await fill(beside, context);
    });
    undo.keep();
    ids.keep(kept.root, kept.lease);
    return kept;
  }

  async #makeRoot(
    record: DomainRecord,
    domain: Domain,
    specs: readonly FilesystemSpec[],
    undo: Undo,
    fillRoot?: FillRoot,
  ): Promise<void> {
    const { store } = this.parts;
    const lease: Lease = {
      name: record.name,
      uuid: record.uuid,
      ids: record.ids,
      made: this.#madeOf(record, domain, specs),
      kept: false,
    };
    await store.makeRoot(lease, async (folder) => {
      const context = this.#context(folder, record, domain, lease.made);
      const make = async (spec: FilesystemSpec) => await backends[spec.kind].create?.(spec, context);
      if (fillRoot === undefined) {
        for (const spec of specs) await make(spec);
        return;
      }
      const tell = (remarks: readonly string[]): void => {
        for (const remark of remarks) this.parts.log('warn', `domain '${record.name}': ${remark}`);
      };
      const opened = { ...context, limitOf: ({ limit }: FilesystemSpec) => limit, tell };
      await fillRoot({ record, specs, make, context: opened });
    });
    undo.push(() => store.removeRoot(record.name));
  }

  async #extendRoot(
    record: DomainRecord,
    domain: Domain,
    lease: Lease | undefined,
    specs: readonly FilesystemSpec[],
  ): Promise<void> {
    const { store } = this.parts;
    if (lease === undefined) {
      if (specs.length === 0) return;
      await using undo = new Undo();
      await this.#makeRoot(record, domain, specs, undo);
      undo.keep();
      return;
    }
    const folder = store.rootFolder(record.name);
    const more = specs.filter((spec) => !lease.made.some(({ target }) => target === spec.target));
    const made = this.#madeOf(record, domain, more);
    for (const spec of more)
      await backends[spec.kind].create?.(spec, this.#context(folder, record, domain, made));
    await store.writeLease({ ...lease, ids: record.ids, made: [...lease.made, ...made] });
  }

  /** How each is going to be made. */
  #madeOf(record: DomainRecord, domain: Domain, specs: readonly FilesystemSpec[]): Made[] {
    const { store, projectIds, layerPool } = this.parts;
    const ground = {
      roots: dirname(store.rootFolder(record.name)),
      map: idMapOf(domain, record),
      projectIds,
      pool: layerPool,
    };
    return specs.map((spec) => ({ ...fixedOf(spec), ...chooseLayer({ ...ground, limit: spec.limit }) }));
  }

  /** Those that the domain has with a document: where no file of its layers carries any, its <idmap> may come and go. */
  #idsFor({ record, running }: Entry, parts: DocumentParts, undo: Undo): DomainRecord['ids'] {
    if (!hasOtherIds(record, parts)) return record.ids;
    const { name, mapped } = parts;
    if (running !== undefined)
      throw new EngineError(
        'wrong-state',
        `domain '${name}' is not off: what runs has the ids that it was started with`,
      );
    if (mapped !== undefined) return null;
    const start = this.parts.ids.lease(name);
    undo.push(() => this.parts.ids.release(start));
    return { start, count: RANGE_SIZE };
  }

  #context(folder: string, record: DomainRecord, domain: Domain, made: readonly Made[]): StorageContext {
    return {
      layerOf: (target) => made.find((one) => one.target === target),
      keep: folder,
      map: idMapOf(domain, record),
      shifted: record.ids === null,
      namespaces: this.parts.namespaces,
      sources: this.parts.sources,
      templatePath: this.parts.templatePath,
      projectIds: this.parts.projectIds,
      pool: this.parts.layerPool,
    };
  }

  #ctidFor(parts: DocumentParts): number | null {
    return parts.type === 'openvz' ? (ctidOf(parts) ?? this.parts.registry.freeCtid()) : null;
  }

  /** One name, one UUID, one CTID, one address, one port each. */
  #freeChecks(
    uuid: string | undefined,
    ctid: number | null,
    parts: DocumentParts,
    own: Entry | undefined,
    files?: string,
  ): Check[] {
    const { registry } = this.parts;
    const interfaces = '/domain/devices/interface';
    return [
      // Of one that is there both stay what they are.
      { path: '/domain/uuid', refuse: () => own === undefined && registry.checkCalled(parts.name, uuid) },
      {
        path: '/domain/name',
        refuse: () => ctid !== null && checkFree(`CTID ${ctid}`, registry.byCtid(ctid), own),
      },
      { path: interfaces, refuse: () => registry.checkAddresses(parts.addresses, own) },
      { path: interfaces, refuse: () => registry.checkForwards(parts.forwards, own) },
      { path: interfaces, refuse: () => refuseHostAddresses(parts.addresses) },
      {
        path: '/domain/devices/filesystem',
        refuse: () => files !== undefined && checkFree(files, registry.byFiles(files), own),
      },
    ];
  }
}

/** Throws why a domain that is there is not the one that a document means. */
function refuseChange(
  { record: { name, uuid }, presence }: Entry,
  parts: DocumentParts,
  { uuidDecides, persistent }: Pick<DefineOptions, 'uuidDecides' | 'persistent'>,
): void {
  if (presence === 'coming') throw new EngineError('busy', `domain '${name}' is just being defined`);
  if (parts.uuid === undefined && uuidDecides === true)
    throw new EngineError('exists', `domain '${name}' already exists with uuid ${uuid}`, { holder: name });
  if (parts.uuid !== undefined && parts.uuid !== uuid)
    throw new EngineError(
      'exists',
      `domain '${name}' is already defined with UUID ${uuid}; leave the UUID out or undefine it first`,
    );
  if (!persistent)
    throw new EngineError(
      'exists',
      `domain '${name}' is already defined: start it, or give this document another name`,
    );
}

/** Where a run of it was is not the next one's place; the hardware addresses that its links had are the next one's, too. */
const toBeStored = (domain: Domain, record: DomainRecord): Domain =>
  withOwnMacs(withoutPlaces(domain), record);

/** An openvz domain that is called by a number has it. */
export function ctidOf({ type, name }: Pick<DocumentParts, 'type' | 'name'>): number | undefined {
  const isCtid = type === 'openvz' && /^[1-9]\d{0,9}$/.test(name) && Number(name) <= HIGHEST_ID;
  return isCtid ? Number(name) : undefined;
}

const withLeases = (record: DomainRecord, leases: readonly LinkLease[]): DomainRecord =>
  leases.length === 0 ? record : { ...record, leases };

/** What of a record its document says. */
type OfDocument = Pick<
  DomainRecord,
  | 'name'
  | 'type'
  | 'title'
  | 'template'
  | 'templates'
  | 'profile'
  | 'hostname'
  | 'addresses'
  | 'writable'
  | 'mapped'
  | 'forwards'
  | 'schedule'
>;

function recordFields(parts: DocumentParts): OfDocument {
  const { filesystems, uuid: _uuid, ...kept } = parts;
  return { ...kept, writable: writableSources(filesystems) };
}

/** The record of a domain that has another document: what only the one before said is gone. */
export function recordWith(record: DomainRecord, parts: DocumentParts): DomainRecord {
  const { writable: _writable, mapped: _mapped, forwards: _forwards, schedule: _schedule, ...own } = record;
  return { ...(own satisfies Own), ...recordFields(parts) };
}

/** What a record has besides, and nothing of its document that another one may not have. */
type Own = Omit<DomainRecord, keyof OfDocument> & {
  readonly [K in keyof OfDocument as undefined extends OfDocument[K] ? K : never]?: never;
};

const hasOtherIds = ({ ids }: DomainRecord, { mapped }: DocumentParts): boolean =>
  (mapped === undefined) !== (ids !== null);

/** Files that were made for a domain may carry its ids. */
const otherIds = (name: string): EngineError =>
  new EngineError(
    'unsupported',
    `the files of domain '${name}' carry its present ids: an <idmap> can be added or removed only with \`undefine --storage\` first`,
  );

/** Whether the document's root is still the one at this path. */
function isRootAt(parts: DocumentParts, path: string): boolean {
  const source = parts.filesystems.find(({ target }) => target === '/')?.source ?? '';
  try {
    return realpathSync(source) === path;
  } catch {
    return false; // a template's name, or nothing there: nothing at that path is this domain's then
  }
}

/** What a file system was made from and how cannot change under it. */
function checkMade(lease: Lease, parts: DocumentParts): void {
  const misfit = misfitOf(lease, parts);
  if (misfit === undefined) return;
  const { target, why } = misfit;
  throw new EngineError(
    'exists',
    `the file system '${target}' of domain '${lease.name}' stays as it is, since ${why}: ${otherDomain}`,
    { target },
  );
}

/** Thrown when a transient domain is asked for its stored document. */
export const transient = (): EngineError =>
  new EngineError('wrong-state', 'transient domains do not have any persistent config');
