// The tree of a domain that is off, mounted for a moment: in a mount namespace of its own, which ends with who works there.
// SPDX-License-Identifier: Apache-2.0
import { transfer } from '../../attach/transfer.js';
import type { ExecSession, Transfer } from '../../contract.js';
import { errnoOf } from '../../errors.js';
import {
  attachMount,
  cloneMounts,
  type DetachedMount,
  MountAttr,
  newMountNow,
} from '../../host/mount-calls.js';
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
    const innerMounts = plan.innerMounts.map((mount) =>
      mount.kind === 'ram' ? { ...mount, options: [...mount.options, 'ro'] } : mount,
    );
    const needed = { ...plan, devices: [], workFolder: undefined, innerMounts };
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

/** What is made anew by each start: what was put there, or below it, would never be seen. */
const ofARun = ['/proc', '/sys', '/dev'];

/** Puts all into the root, where it has a place for them; a start would make one. */
function assemble(filesystems: readonly OpenedFilesystem[]): string {
  const root = filesystems.find(({ target }) => target === '/')?.path ?? '';
  for (const target of ofARun) putAt(`${root}${target}`, nothing);
  for (const { target, path } of filesystems)
    if (target !== '/') putAt(`${root}${target}`, () => cloneMounts(path));
  return root;
}

const nothing = (): DetachedMount =>
  newMountNow({ type: 'tmpfs', source: 'none', data: 'mode=755', attributes: MountAttr.readOnly });

function putAt(target: string, open: () => DetachedMount): void {
  try {
    using mount = open();
    attachMount(mount, target);
  } catch (error) {
    // The container may have made anything of it.
    if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL'].includes(errnoOf(error) ?? '')) throw error;
  }
}
