// What a domain's document asks of this host, worked out without touching it: the input of every start.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/formats';
import type { GuestFile } from '../guest/files.js';
import type { IdMap } from '../host/userns.js';
import type { FilesystemSpec } from '../storage/index.js';
import type { WantedWalls } from '../walls/wanted.js';

/** What may pass one way in the long run, as fast as what for a moment, and how much in that moment. */
export interface Rate {
  readonly averageBytes: number;
  readonly peakBytes: number | undefined;
  readonly burstBytes: number | undefined;
}

/** A network link of the container. `routed` is OpenVZ's venet: addresses the host has a route to, no bridge. */
export interface LinkPlan {
  readonly kind: 'routed' | 'bridge' | 'macvlan';
  /** Bridge or parent device on the host. */
  readonly parent: string | undefined;
  readonly macvlanMode: string | undefined;
  /** Names inside and on the host. */
  readonly name: string;
  readonly hostName: string | undefined;
  readonly mac: string;
  /** Whether the container may send in any name. */
  readonly isTrusted: boolean;
  readonly mtu: number | undefined;
  readonly up: boolean;
  readonly addresses: readonly {
    readonly address: string;
    readonly prefix: number;
    readonly family: 4 | 6;
  }[];
  readonly gateways: readonly { readonly address: string; readonly family: 4 | 6 }[];
  /** Towards the container and from it. */
  readonly rates: { readonly inbound: Rate | undefined; readonly outbound: Rate | undefined };
}

/** A memory file system inside the container, or a second view of one of its own folders. */
export interface InnerMount {
  readonly kind: 'ram' | 'bind';
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly sizeKiB: number | undefined;
}

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
  readonly filesystems: readonly FilesystemSpec[];
  readonly innerMounts: readonly InnerMount[];
  readonly links: readonly LinkPlan[];
  readonly resources: Resources;
  readonly walls: WantedWalls;
  readonly map: IdMap;
  readonly shifted: boolean;
}
