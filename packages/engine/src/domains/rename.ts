// Gives a domain that is off another name: its documents, files, ids and history go along.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import type { DomainRef, Engine } from '../contract.js';
import { EngineError } from '../errors.js';
import { readStored } from '../lifecycle/stored-document.js';
import { checkFree, type Entry, summaryOf } from '../registry/registry.js';
import { checkNewName } from '../state/names.js';
import { changeNow, type DomainRecord } from '../state/record.js';
import type { Traffic } from '../traffic/traffic.js';
import type { DefineParts } from './define.js';
import { ctidOf, type DefinerParts, recordWith, transient } from './definer.js';
import { refuseReverting } from './reverter.js';

/** Dependencies of `renameOperation`. */
export interface RenameParts
  extends Pick<DefineParts, 'turns' | 'queue' | 'registry' | 'store'>,
    Pick<DefinerParts, 'ids' | 'reader' | 'networkLinks' | 'emit' | 'log'> {
  readonly traffic: Traffic;
}

/** The engine's operation; both names have their turn for it, so that nobody defines the new one meanwhile. */
export function renameOperation(parts: RenameParts): Pick<Engine, 'rename'> {
  const { turns, queue, registry, store } = parts;
  return {
    rename: async (ref: DomainRef, name: string) => {
      checkNewName(name);
      return await turns.take(ref, async (entry) => {
        refuse(entry, name);
        refuseReverting(entry.record.name, store.rootFolder(entry.record.name));
        // Before the wait: who is renamed to a name that is there would wait for one that may wait for him.
        const checkUnused = (): void => {
          checkFree(`name '${name}'`, registry.byName(name), undefined);
          registry.checkCalled(name, undefined, entry);
        };
        checkUnused();
        return await queue.run(name, async () => {
          checkUnused();
          await rename(entry, name, parts);
          return summaryOf(entry);
        });
      });
    },
  };
}

function refuse({ record, state }: Entry, name: string): void {
  if (name === record.name) throw new EngineError('invalid', `domain '${name}' has that name already`);
  if (!record.persistent) throw transient();
  if (state !== 'shutoff')
    throw new EngineError(
      'wrong-state',
      `domain '${record.name}' is not off: it can be renamed when it is shut down`,
    );
}

async function rename(entry: Entry, name: string, parts: RenameParts): Promise<void> {
  const { store, reader, registry, ids, networkLinks, traffic, emit, log } = parts;
  const { record } = entry;
  const folder = store.rootFolder(name);
  if (existsSync(folder))
    throw new EngineError('exists', `there are files in ${folder} already`, {
      holder: folder,
    });
  const stored = readStored(await store.readXml(record.name), record.name);
  const read = await reader.check({ ...stored, name });
  const ctid = ctidOf(read.parts) ?? record.ctid;
  if (ctid !== null) checkFree(`CTID ${ctid}`, registry.byCtid(ctid), entry);
  const conf = record.ctid === null ? undefined : store.readNative(record.name, `${record.ctid}.conf`);
  const isMadeUp = stored.hostname === undefined;
  const next: DomainRecord = {
    ...recordWith(record, read.parts),
    ctid,
    changed: changeNow(),
    ...(isMadeUp && { earlierHostnames: [...(record.earlierHostnames ?? []), record.hostname] }),
  };
  const left = await store.rename(record.name, next, await reader.documents(read.domain, next, conf));
  if (left !== undefined)
    log(
      'warn',
      `domain '${name}': not all that it had as '${record.name}' has its new name yet, and the next daemon sees to it: ${String(left)}`,
    );
  emit('undefined', 'renamed', entry);
  registry.replace(entry, next);
  if (next.ids !== null) ids.claim(next.ids.start, name);
  traffic.rename(record.uuid, name);
  await networkLinks
    .tell(entry, undefined)
    .catch((error: unknown) =>
      log('warn', `domain '${name}': its networks know it as '${record.name}' still: ${String(error)}`),
    );
  emit('defined', 'renamed', entry);
}
