// The profiles of this host: OpenVZ's sample files, the shipped ones written out once for the administrator to edit.
// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Profile } from '@ctvirt/api';
import { profileFileName, profileNameOf, profiles } from '@ctvirt/formats';
import { EngineError } from './errors.js';
import { writeAtomically } from './host/files.js';
import { requireTrusted } from './host/trusted.js';
import type { HostFacts } from './lifecycle/document.js';
import { domainOfProfile, filledFrom } from './lifecycle/profile-remarks.js';

/** Reads profiles from their folder each time they are asked for. */
export class Profiles {
  constructor(
    private readonly folder: string,
    private readonly facts: HostFacts,
  ) {}

  /** Writes out the shipped profiles this folder does not have; edited ones stay. */
  async prepare(): Promise<void> {
    for (const { name, text } of profiles) {
      const path = join(this.folder, profileFileName(name));
      if (!existsSync(path)) await writeAtomically(path, text, { mode: 0o644 });
    }
  }

  async list(): Promise<Profile[]> {
    const names = (await readdir(this.folder)).map(profileNameOf).filter((name) => name !== undefined);
    return await Promise.all(names.sort().map((name) => this.get(name)));
  }

  async get(name: string): Promise<Profile> {
    const path = join(this.folder, profileFileName(name));
    if (name.includes('/') || !existsSync(path)) {
      const known = (await readdir(this.folder)).map(profileNameOf).filter((one) => one !== undefined);
      throw new EngineError(
        'not-found',
        `there is no profile '${name}' in ${this.folder}; known are ${known.sort().join(', ') || 'none'}`,
        { name },
      );
    }
    requireTrusted(path);
    const text = await readFile(path, 'utf8');
    const { findings } = filledFrom(domainOfProfile(name), { name, text }, this.facts);
    return { name, path, text, findings: [...findings] };
  }
}
