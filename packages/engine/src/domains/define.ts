// Defines, adopts and undefines domains, and makes transient ones.
// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path';
import type {
  AutostartChange,
  CreateRequest,
  CreateResult,
  DefineResult,
  ImageDefaults,
  Validation,
} from '@ctvirt/api';
import { checkDomain, type Domain, type Finding, type FindingCode, formatDomain } from '@ctvirt/xml';
import type { Engine } from '../contract.js';
import { EngineError, isFault } from '../errors.js';
import { isPathIn } from '../host/paths.js';
import { Refused } from '../lifecycle/checks.js';
import { type HostFacts, refuseErrors } from '../lifecycle/document.js';
import { notKept } from '../lifecycle/not-enforced.js';
import { domainFrom } from '../lifecycle/settings.js';
import { type Entry, type Registry, summaryOf } from '../registry/registry.js';
import { checkNewName } from '../state/names.js';
import type { KeyedQueue } from '../state/queue.js';
import type { DomainStore } from '../state/store.js';
import type { TemplateCatalog } from '../template-catalog.js';
import { credentialsOf } from './credentials.js';
import type { Definer } from './definer.js';
import type { Lifecycle } from './lifecycle.js';
import type { Turns } from './turns.js';

/** Dependencies of `defineOperations`. */
export interface DefineParts {
  readonly turns: Turns;
  readonly definer: Definer;
  readonly adopter: Pick<Engine, 'adopt' | 'candidates'>;
  readonly lifecycle: Lifecycle;
  readonly queue: KeyedQueue;
  readonly registry: Registry;
  readonly store: DomainStore;
  readonly facts: HostFacts;
  readonly templates: Pick<TemplateCatalog, 'imageOf'>;
}

type Options = { readonly strict?: boolean } | undefined;

/** The engine's operations that make and unmake a domain. */
export function defineOperations(
  parts: DefineParts,
): Pick<
  Engine,
  | 'define'
  | 'redefine'
  | 'validate'
  | 'defineFrom'
  | 'adopt'
  | 'candidates'
  | 'create'
  | 'undefine'
  | 'setAutostart'
> {
  const { turns, adopter, definer } = parts;
  return {
    define: async (xml, options) => {
      const { entry, findings, isChanged } = await definer.define(xml, { ...options, persistent: true });
      return { domain: summaryOf(entry), findings, ...(isChanged && { changed: true }) };
    },
    redefine: async (ref, xml, { strict, tags } = {}) => {
      const { uuid } = turns.find(ref).record;
      const { entry, findings } = await definer.define(xml, { strict, persistent: true, of: { uuid, tags } });
      return { domain: summaryOf(entry), findings, changed: true };
    },
    validate: (xml, options) => validate(xml, options, parts),
    defineFrom: (request, options) => defineFrom(request, options?.dryRun === true, parts),
    adopt: (request, options) => adopter.adopt(request, options),
    candidates: (options) => adopter.candidates(options),
    create: (xml, options) => create(xml, options, parts),
    undefine: (ref, options) =>
      turns.take(ref, (entry) => definer.undefine(entry, { storage: options?.storage === true })),
    setAutostart: (ref, change) => turns.take(ref, (entry) => setAutostart(entry, change, parts)),
  };
}

async function validate(
  xml: string,
  options: Options,
  { definer }: Pick<DefineParts, 'definer'>,
): Promise<Validation> {
  try {
    const { name, findings, isChange } = await definer.preview(xml, { strict: options?.strict });
    const starts = !findings.some(({ code }) => hinders.has(code));
    return { isValid: true, starts, domain: name, isChange, findings, error: null };
  } catch (caught) {
    const { findings = [], error } = refusalOf(caught);
    return { isValid: false, starts: false, domain: null, isChange: false, findings, error };
  }
}

/** Without what these are of a domain does not start. */
const hinders: ReadonlySet<string> = new Set<FindingCode>([
  ...(['no-source', 'no-start', 'no-network', 'no-filter', 'taken-address'] as const),
]);

/** What is refused is no fault of who only asks. */
function refusalOf(caught: unknown): Pick<Partial<Validation>, 'findings'> & Pick<Validation, 'error'> {
  if (caught instanceof Refused) {
    const { first, findings } = caught;
    const more = findings.filter(({ severity }) => severity === 'error').length - 1;
    const message = more > 0 ? `${first.message}, and ${more} more` : first.message;
    return { findings: [...findings], error: { code: first.code, message } };
  }
  if (!(caught instanceof EngineError)) throw caught;
  const { code, message } = caught;
  return {
    ...(isFault(caught, 'invalid') && { findings: [...(caught.details.findings ?? [])] }),
    error: { code, message },
  };
}

/** One whose start fails stays defined: what was in the way can be put right, and the start be asked for again. */
async function defineFrom(
  request: CreateRequest,
  dryRun: boolean,
  { definer, turns, lifecycle, facts, templates }: DefineParts,
): Promise<CreateResult> {
  // What was said wrong is told before what is not there.
  checkNewName(request.name);
  const written = (image?: ImageDefaults): Domain => {
    const domain = domainFrom(request, facts, image);
    // Before it is written: some of what a word may hold no document can.
    refuseErrors(checkDomain(domain), 'the document');
    return domain;
  };
  written();
  const { template } = request;
  const isToCome = dryRun && request.image !== undefined;
  const image = isToCome ? request.image : await templates.imageOf(template);
  const asked = written(image);
  const volumes = volumeFindings(request, image);
  const xml = formatDomain(asked);
  if (dryRun)
    return {
      domain: null,
      xml,
      findings: [...(await definer.look(xml, { toCome: isToCome ? [template] : [] })), ...volumes],
    };
  const { autostart = false, start = false } = request;
  const credentials = credentialsOf(request);
  const { entry, findings } = await definer.define(asked, {
    persistent: true,
    fresh: { autostart, credentials },
  });
  if (start) await turns.take(entry.record.uuid, (found) => lifecycle.start(found));
  return { domain: summaryOf(entry), xml, findings: [...findings, ...volumes] };
}

/** What an image means to outlive its containers lives as long as the root, unless it lies in a directory of the host. */
function volumeFindings({ addMounts = [] }: CreateRequest, image?: ImageDefaults): Finding[] {
  const volumes = (image?.volumes ?? []).filter(
    (volume) => !addMounts.some(({ target }) => isPathIn(volume, posix.normalize(target))),
  );
  const [first, ...others] = volumes;
  if (first === undefined) return [];
  const all = others.length === 0 ? first : `${first} and ${others.length} more (ctvirt template info)`;
  return [
    notKept(
      '/domain/devices',
      `what the image means to outlive its containers is part of the root here, and erased with it: ${all}; --mount DIRECTORY:${first} puts a directory of the host there`,
    ),
  ];
}

async function create(
  xml: string,
  options: Options,
  { turns, definer, lifecycle }: DefineParts,
): Promise<DefineResult> {
  const { entry, findings } = await definer.define(xml, { strict: options?.strict, persistent: false });
  // In one turn of its queue: nobody else may start or define it between a failure and its end.
  await turns.take(entry.record.uuid, async (found) => {
    try {
      await lifecycle.start(found);
    } catch (error) {
      if (found.state === 'shutoff' && !found.record.persistent)
        await definer.forget(found, { erase: found.record.eraseAtEnd });
      throw error;
    }
  });
  return { domain: summaryOf(entry), findings };
}

/** Throws `wrong-state` for a transient domain. */
export function refuseAutostart({ record: { name, persistent } }: Entry): void {
  if (persistent) return;
  throw new EngineError('wrong-state', `domain '${name}' is transient and cannot be started by itself`);
}

export async function setAutostart(
  entry: Entry,
  change: AutostartChange,
  { store, registry }: Pick<DefineParts, 'store' | 'registry'>,
) {
  refuseAutostart(entry);
  const { order: oldOrder, delaySeconds: oldDelay, ...rest } = entry.record;
  const { autostart = rest.autostart, order = oldOrder, delaySeconds = oldDelay } = change;
  const record = {
    ...rest,
    autostart,
    ...(typeof order === 'number' && { order }),
    ...(typeof delaySeconds === 'number' && { delaySeconds }),
  };
  await store.writeRecord(record);
  registry.replace(entry, record);
  return summaryOf(entry);
}
