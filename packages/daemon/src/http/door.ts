// Where requests come in: each door says who may ask for what, of routes and of upgrades alike.
// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import type { Role } from '@ctvirt/api';
import type { FastifyInstance } from 'fastify';
import { refuseForeignPage } from './foreign-page.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may ask for it; a route without it is none. */
    role?: Role;
    /** Whether its answer goes on for as long as somebody listens. */
    isLong?: boolean;
  }
  interface FastifyRequest {
    visitor: Visitor | undefined;
    /** When who asked has left, or may not ask any more, before there is an answer. */
    gone: AbortSignal;
    /** Its answer is told whether or not the session is over by then. */
    letGo: () => void;
  }
}

/** Whose session it is that asks. */
export interface SessionView {
  readonly id: string;
  readonly role: Role;
}

/** Who was let in. */
export interface Visitor {
  /** Undefined of root at the daemon's own socket, and of who has none yet. */
  readonly session: SessionView | undefined;
  /** Throws a Refusal if the session is over by now. */
  confirm(): void;
  /** Counts something that goes on as use of the session, whose end calls `end`; returns what to call when it is over. */
  hold(end: () => void, holding: Holding): () => void;
}

/** What goes on in a session. */
export interface Holding {
  /** For as long as somebody listens: of these a session has so many. */
  readonly isLong: boolean;
}

/** Who has no session: nothing of it ends. */
export const withoutSession: Visitor = {
  session: undefined,
  confirm: () => undefined,
  hold: () => () => undefined,
};

/** What is asked for. */
export interface Wish {
  readonly role: Role;
  readonly isUpgrade?: boolean;
}

/** One place where requests come in. */
export interface Door {
  /** What each answer says, whatever it is. */
  readonly headers: Readonly<Record<string, string>>;
  /** Throws a Refusal; nothing of the request but its head was looked at by then. */
  admit(request: IncomingMessage, wish: Wish): Visitor;
}

/** The daemon's own socket: who can write to it is root, and only a page that came from elsewhere is not meant. */
export const socketDoor: Door = {
  headers: {},
  admit: ({ headers }) => {
    refuseForeignPage(headers);
    return withoutSession;
  },
};

/**
 * Lets no request of an app in but by its door; upgrades ask it themselves. Whoever was let in is asked for again when all of the request
 * has come, just before what it asks for begins, and whatever goes on ends with the session: a client may take its time with a body.
 */
export function guardRoutes(app: FastifyInstance, door: Door): void {
  for (const name of ['visitor', 'gone', 'letGo']) app.decorateRequest(name);
  app.addHook('onRoute', ({ config, url }) => {
    if (config?.role === undefined) throw new Error(`${url} does not say who may ask for it`);
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(door.headers);
    const { role, isLong = false } = request.routeOptions.config;
    // What is not there is nobody's to find out but theirs who may look.
    const visitor = door.admit(request.raw, { role: role ?? 'viewer' });
    request.visitor = visitor;
    const gone = new AbortController();
    request.gone = gone.signal;
    const end = (): void => {
      gone.abort();
      reply.raw.destroy();
    };
    request.letGo = visitor.hold(end, { isLong });
    reply.raw.once('close', () => {
      request.letGo();
      if (!reply.raw.writableFinished) gone.abort();
    });
  });
  app.addHook('preHandler', async ({ visitor }) => visitor?.confirm());
}
