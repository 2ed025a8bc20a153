// AppArmor around containers: whether this kernel has it, and the one profile that a daemon loads for all of them.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { profileText } from './apparmor-profile.js';
import { readIfThere } from './files.js';
import { run } from './run.js';

/**
 * `off`: nothing to do. `confined`: there is a profile for containers. `unconfined`: none can be loaded for want of Debian's
 * package apparmor or, as where the daemon is in a container itself, of the kernel's files for it, and liblxc would refuse
 * every start; the user namespace remains.
 */
export type AppArmor = 'off' | 'confined' | 'unconfined';

/** Of the host's facts what a profile depends on. */
interface HostSide {
  readonly appArmor: AppArmor;
  readonly kernel: string;
}

const kernelFiles = 'sys/kernel/security/apparmor';
const parser = 'sbin/apparmor_parser';

/** Returns whether the kernel has AppArmor, and the host a parser for its profiles. */
export function detectAppArmor(root = '/'): AppArmor {
  let enabled: string;
  try {
    enabled = readFileSync(`${root}sys/module/apparmor/parameters/enabled`, 'utf8').trim();
  } catch {
    return 'off'; // not in this kernel
  }
  if (enabled !== 'Y') return 'off';
  const hasParser = [parser, `usr/${parser}`].some((path) => existsSync(`${root}${path}`));
  return hasParser && existsSync(`${root}${kernelFiles}/.replace`) ? 'confined' : 'unconfined';
}

/** The profile of one daemon's containers, loaded when it opens and taken away when it closes with none of them running. */
export class Confinement {
  #state: AppArmor = 'off';

  constructor(
    /** Known to the kernel by this name. */
    readonly name: string,
    /** Where its text is kept, which says what is loaded. */
    private readonly path: string,
  ) {}

  get state(): AppArmor {
    return this.#state;
  }

  /** To compile it takes a tenth of a second; one that is there already, from a daemon before this one, stays. */
  async load(facts: HostSide, warn: (message: string) => void): Promise<void> {
    this.#state = facts.appArmor;
    if (this.#state === 'unconfined')
      warn(
        "AppArmor confines no container here: a second wall takes Debian's package apparmor, and securityfs at /sys/kernel/security",
      );
    if (this.#state !== 'confined') return;
    const text = profileText(this.name, facts.kernel);
    if (this.isLoaded() && (await readIfThere(this.path)) === text) return;
    try {
      writeFileSync(this.path, text, { mode: 0o600 });
      await run([`/${parser}`, '--replace', '--skip-cache', this.path]);
    } catch (error) {
      this.#state = 'unconfined';
      warn(`AppArmor confines no container here, since its profile could not be loaded: ${String(error)}`);
    }
  }

  isLoaded(): boolean {
    return loadedProfiles().includes(this.name);
  }

  /** Containers that run would be without it. */
  unload(): void {
    if (this.isLoaded()) writeFileSync(`/${kernelFiles}/.remove`, this.name);
    rmSync(this.path, { force: true });
  }
}

function loadedProfiles(): string[] {
  try {
    const lines = readFileSync(`/${kernelFiles}/profiles`, 'utf8').split('\n');
    return lines.map((line) => line.replace(/ \(\w+\)$/, ''));
  } catch {
    return []; // no AppArmor, or not to be seen from here
  }
}
