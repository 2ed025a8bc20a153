// What one call of vzctl set or create says of a container, gathered from its options.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSettings, InterfaceSetting } from '@ctvirt/api';
import type { KeyOptions } from '@ctvirt/formats';
import type { Domain } from '@ctvirt/xml';

/** A change of the document that its next start has. */
export type Edit = (domain: Domain, keys: KeyOptions) => Domain;

type Mutable<T> = { -readonly [K in keyof T]?: T[K] };

/** Each option adds its part. */
export class Change {
  /** Resource parameters, by vzctl's options. */
  readonly values: Record<string, string> = {};
  readonly added: string[] = [];
  readonly removed: string[] = [];
  readonly nameservers: string[] = [];
  readonly searchDomains: string[] = [];
  readonly passwords: { user: string; password: string }[] = [];
  readonly interfaces: InterfaceSetting[] = [];
  readonly lostInterfaces: string[] = [];
  /** Devices of the host: paths of their files, and names of its links. */
  readonly devices: string[] = [];
  readonly lostDevices: string[] = [];
  readonly words: Mutable<Pick<DomainSettings, 'hostname' | 'description' | 'autostart'>> = {};
  /** Of the document, which a running container does not see. */
  readonly edits: Edit[] = [];
  /** Of the document, where it is asked for before a start or a stop. */
  readonly marks: Edit[] = [];
  /** What is taken and does nothing, and why. */
  readonly remarks: string[] = [];
  name: string | undefined;
  order: number | null | undefined;
  profile: string | undefined;
  /** The interface that the options behind --ifname are about. */
  ifname: string | undefined;
}
