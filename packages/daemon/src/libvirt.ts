// libvirt's wire protocol: the server, its sockets, and what of the engine's goes to its clients.
// SPDX-License-Identifier: Apache-2.0
import { hostname } from 'node:os';
import type { Engine, Layout } from '@ctvirt/engine';
import { features, RpcServer } from '@ctvirt/rpc';
import type { Logger } from 'pino';
import { openListeners } from './libvirt-sockets.js';
import { uriHere } from './moves/target.js';
import { publishEvents } from './procedures/events.js';
import { bindProcedures } from './procedures/index.js';
import { openSession, type Session, seesSubject } from './procedures/session.js';
import { refusal } from './procedures/words/refusal.js';
import type { Settings } from './settings.js';

/** What clients ask for by number before they use it. */
const offered = [
  features.typedParamString,
  features.remoteEventCallback,
  features.remoteCloseCallback,
  features.networkUpdateHasCorrectOrder,
  features.migrationP2p,
  features.migrateChangeProtection,
  features.migrationOffline,
  features.migrationParams,
];

/** The protocol being served. */
export interface LibvirtService {
  readonly places: readonly string[];
  /** Ends the connections once their replies have left. */
  close(): Promise<void>;
}

/** What virsh runs by these descriptors is nobody inside, and outside the container's groups: see decision 0014. */
function refuseNamespace(): never {
  throw refusal('noSupport', 'lxc', 'virDomainLxcOpenNamespace: `ctvirt exec` runs programs in a container');
}

/** Serves the engine on the layout's sockets, and where else the settings say. */
export async function serveLibvirt(
  engine: Engine,
  layout: Layout,
  settings: Settings,
  log: Logger,
): Promise<LibvirtService> {
  const server: RpcServer<Session> = new RpcServer({
    open: ({ name }) => openSession(name),
    closed: (session) => void endOwned(session),
    handlers: bindProcedures({
      engine,
      templatesFolder: layout.templates,
      rootsFolder: layout.roots,
      uriHere: (transport, address = hostname()) =>
        uriHere(transport, address, { socket: layout.libvirtSocket, tlsPort: settings.tls_port }),
      publish: (...event) => server.publish(...event),
    }),
    features: offered,
    lxc: { domainOpenNamespace: refuseNamespace },
    sees: (session, kind, subject) => kind !== 'domain' || seesSubject(session, subject),
    // Clients are counted where they come in: those of one socket never take the places of another's.
    limits: { maxClients: Number.POSITIVE_INFINITY },
    keepalive: settings.keepalive_interval > 0 && {
      intervalMs: settings.keepalive_interval * 1000,
      count: settings.keepalive_count,
    },
    fault: (error, where) => log.error({ err: error }, `libvirt's protocol: ${where} failed`),
  });
  const unsubscribe = publishEvents(engine, (...event) => server.publish(...event));

  async function endOwned(session: Session): Promise<void> {
    for (const uuid of session.autodestroy)
      await engine.destroy(uuid).catch((error: unknown) => log.debug({ err: error }, 'had ended already'));
  }

  const listeners = await openListeners(server, layout, settings, log);
  return {
    places: listeners.map(({ place }) => place),
    close: async () => {
      unsubscribe();
      const closing = listeners.map((listener) => listener.close());
      server.close();
      await Promise.all(closing);
    },
  };
}
