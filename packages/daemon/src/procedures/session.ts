// One connection of libvirt's protocol: which domains it sees, and how libvirt's driver of these is called.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import { type Engine, type Leaving, notRunning } from '@ctvirt/engine';
import { type ClientOrigin, type Handlers, libvirtError, type RpcServer } from '@ctvirt/rpc';
import type { ContainerType } from '@ctvirt/xml';
import { type ErrorDomainName, refusal } from './words/refusal.js';

/** A URI scheme: the type of domains it shows (all if absent), and the names clients know libvirt's driver by. */
interface Scheme {
  readonly type?: ContainerType;
  readonly driver: string;
  readonly errors: ErrorDomainName;
}

const schemes: Readonly<Record<string, Scheme>> = {
  ctvirt: { driver: 'ctvirt', errors: 'domain' },
  lxc: { type: 'lxc', driver: 'LXC', errors: 'lxc' },
  openvz: { type: 'openvz', driver: 'OpenVZ', errors: 'openvz' },
  vserver: { type: 'vserver', driver: 'VServer', errors: 'domain' },
};

/** A libvirt connection: the scheme of its URI decides which domains it shows and what it calls itself. */
export interface Session extends Scheme {
  readonly uri: string;
  /** UUIDs of domains that end with this connection. */
  readonly autodestroy: Set<string>;
  /** UUIDs of domains whose documents it has been shown. */
  readonly shown: Set<string>;
  /** By UUID: moves that it leads, which end with this connection. */
  readonly leaving: Map<string, Leaving>;
}

/** What procedures work with. */
export interface Binding {
  readonly engine: Engine;
  /** Where the templates lie on the host. */
  readonly templatesFolder: string;
  /** Where the layers above them lie. */
  readonly rootsFolder: string;
  /** How another host reaches this one: as whoever asks has come, at its name or the address that was said. */
  readonly uriHere: (transport: ClientOrigin['transport'], address?: string) => string;
  /** Tells clients of what only they have a word for; all else is an event of the engine's. */
  readonly publish: RpcServer<Session>['publish'];
}

/** Handlers of some procedures; those nobody binds are answered as unknown. */
export type Procedures = Partial<Handlers<Session>>;
/** Makes the handlers of one file; it must ask nothing of the engine before the first call. */
export type Bind = (binding: Binding) => Procedures;

/** A connection for what is left of a client's URI: `lxc:///system`; empty for clients that leave the choice to us. */
export function openSession(name: string): Session {
  const [, scheme = '', path = ''] =
    /^([a-z]+):(?:\/\/)?(\/[^?#]*)?(?:[?#].*)?$/.exec(name === '' ? 'ctvirt:///system' : name) ?? [];
  const found = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined;
  if (found === undefined || !['', '/', '/system'].includes(path))
    throw libvirtError('noConnect', 'none', `no connection driver available for ${name}`);
  return {
    ...found,
    uri: `${scheme}:///system`,
    autodestroy: new Set(),
    shown: new Set(),
    leaving: new Map(),
  };
}

/** Whether a connection shows domains of a type. */
export const sees = (session: Session, type: string): boolean =>
  session.type === undefined || session.type === type;

/** What an event is about: as it is named on the wire, and the type by which a connection shows it or not. */
export const subjectOf = (domain: DomainSummary): WireDomain & { type: string } => ({
  ...toWireDomain(domain),
  type: domain.type,
});

/** Whether a connection is told of an event; without a type in what it is about, only one that shows all types is. */
export const seesSubject = (session: Session, subject: unknown): boolean =>
  session.type === undefined ||
  (typeof subject === 'object' && subject !== null && 'type' in subject && subject.type === session.type);

/** The domains a connection shows. */
export function domainsOf(engine: Engine, session: Session): DomainSummary[] {
  return engine.list().filter(({ type }) => sees(session, type));
}

type Key = Parameters<Engine['find']>[0];

/** The domain a connection asks for; an absent one is refused in libvirt's words. */
export function lookUp(engine: Engine, session: Session, key: Key): DomainSummary {
  const found = engine.find(key);
  if (found !== undefined && sees(session, found.type)) return found;
  const [what, value] = Object.entries(key)[0] ?? ['', ''];
  const shown = what === 'id' ? value : `'${value}'`;
  throw refusal('noDomain', session.errors, `No domain with matching ${what} ${shown}`);
}

/** A domain as it is named on the wire. */
export interface WireDomain {
  readonly name: string;
  readonly uuid: string;
  readonly id: number;
}

/** Clients tell by the id alone whether a domain runs: -1 is none. */
export const toWireDomain = ({ name, uuid, id }: DomainSummary): WireDomain => ({ name, uuid, id: id ?? -1 });

/** The domain of a call: clients name it by UUID, whatever else they send. */
export const domainOf = (engine: Engine, session: Session, { uuid }: { uuid: string }): DomainSummary =>
  lookUp(engine, session, { uuid });

/** The same, for what only a running domain can do. */
export function runningDomainOf(engine: Engine, session: Session, dom: { uuid: string }): DomainSummary {
  const domain = domainOf(engine, session, dom);
  if (domain.id === null) throw notRunning(domain.name);
  return domain;
}
