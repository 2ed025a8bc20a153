// What a domain's document asks of this host, worked out without touching it: the input of every start.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/formats';
import type { Credentials } from '../guest/credentials.js';
import type { GuestFile } from '../guest/files.js';
import type { IdMap } from '../host/userns.js';
import type { LentLink } from '../network/lent-links.js';
import type { LinkPlan } from '../network/link-plan.js';
import type { FilesystemSpec } from '../storage/index.js';
import type { WantedWalls } from '../walls/wanted.js';

/** A memory file system inside the container, or a second view of one of its own folders. */
export interface InnerMount {
  readonly kind: 'ram' | 'bind';
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** From `source/@options`, split at commas. */
  readonly options: readonly string[];
  readonly sizeKiB: number | undefined;
}

/** What a start takes from a document. */
export interface RunPlan {
  /** init and its arguments. */
  readonly program: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  readonly workFolder: string | undefined;
  readonly user: number | undefined;
  readonly group: number | undefined;
  readonly arch: string | undefined;
  readonly hostname: string;
  readonly guestFiles: readonly GuestFile[];
  /** What users of it get, if anything. */
  readonly credentials?: Credentials | undefined;
  readonly filesystems: readonly FilesystemSpec[];
  /** How long a soft limit of theirs may be passed. */
  readonly graceSeconds: number;
  readonly innerMounts: readonly InnerMount[];
  /** Device files of the host that it is given, by their paths there and inside. */
  readonly devices: readonly string[];
  /** Datasets of ZFS that its root administers. */
  readonly datasets: readonly string[];
  readonly links: readonly LinkPlan[];
  /** Links of the host that it has meanwhile. */
  readonly lent: readonly LentLink[];
  readonly resources: Resources;
  readonly walls: WantedWalls;
  readonly map: IdMap;
  readonly shifted: boolean;
}
