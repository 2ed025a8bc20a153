// The tree of a domain that is off, mounted for a moment: in a mount namespace of its own, which ends with who works there.
// SPDX-License-Identifier: Apache-2.0
import { transfer } from '../../attach/transfer.js';
import type { ExecSession, Transfer } from '../../contract.js';
import { errnoOf } from '../../errors.js';
import { attachMount, cloneMounts } from '../../host/mount-calls.js';
import { PrivateMounts } from '../../host/private-mounts.js';
import { Undo } from '../../host/undo.js';
import type { UserNamespacePool } from '../../host/userns.js';
import type { RunPlan } from '../../lifecycle/plan.js';
import type { Subject } from '../driver.js';
import type { Boot } from './boot.js';
import type { OpenedFilesystem } from './config.js';

/** Dependencies of `transferOff`. */
export interface OffTreeParts {
  readonly boot: Boot;
  /** Where mounts of a moment go. */
  readonly mounts: string;
  readonly namespaces: UserNamespacePool;
}

/** In the domain's turn; what was mounted goes when the session has ended. */
export async function transferOff(
  subject: Subject,
  plan: RunPlan,
  what: Transfer,
  { boot, mounts: folder, namespaces }: OffTreeParts,
): Promise<ExecSession> {
  const undo = new Undo();
  try {
    const mounts = PrivateMounts.open(folder);
    undo.push(() => mounts[Symbol.dispose]());
    const needed = { ...plan, devices: [], workFolder: undefined };
    const { filesystems } = await boot.open(subject, needed, mounts, undo);
    const root = mounts.within(() => assemble(filesystems));
    const session = await namespaces.with(plan.map, (namespace) =>
      transfer({ root, namespace, within: (start) => mounts.within(start) }, what),
    );
    void session.exited.finally(() => undo[Symbol.asyncDispose]());
    return session;
  } catch (error) {
    await undo[Symbol.asyncDispose]();
    throw error;
  }
}

/** Puts all into the root, where it has a place for them; a start would make one. */
function assemble(filesystems: readonly OpenedFilesystem[]): string {
  const root = filesystems.find(({ target }) => target === '/')?.path ?? '';
  for (const { target, path } of filesystems) {
    if (target === '/') continue;
    try {
      using copy = cloneMounts(path);
      attachMount(copy, `${root}${target}`);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error;
    }
  }
  return root;
}
