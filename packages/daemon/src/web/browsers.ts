// Browsers and programs that read metrics: who is let in, and where the daemon listens for them, as long as there is one.
// SPDX-License-Identifier: Apache-2.0
import type { WebEntry, WebKey, WebOwn, WebRequest, WebSession } from '@ctvirt/api';
import { EngineError, isFault, type Layout } from '@ctvirt/engine';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { SessionView } from '../http/door.js';
import type { HttpDoors } from '../http/server.js';
import type { Web } from '../http/web.js';
import type { Settings } from '../settings.js';
import { type Assets, serveAssets } from './assets.js';
import { cookieOf, guardedDoor } from './guard.js';
import { listenAt } from './listener.js';
import { type WebPlan, webPlan } from './plan.js';
import { terms, WebSessions } from './sessions.js';
import { openStore } from './store.js';

/** After the last session has ended. */
const closeAfterMs = 30 * 60_000;
const sweepMs = 10_000;
const tokenSeconds = 10 * 366 * 86_400;

/** What it is made of. */
export interface BrowsersOptions {
  readonly layout: Pick<Layout, 'run' | 'lib'>;
  readonly settings: Settings;
  readonly log: Logger;
  /** Reads the page, when there is the first to see it. */
  readonly readPage: () => Assets;
  /** The daemon's routes behind such a door. */
  readonly appOf: (doors: HttpDoors) => FastifyInstance;
}

/** Who comes in by browser. */
export class Browsers implements Web {
  readonly #options: BrowsersOptions;
  readonly #plan: WebPlan;
  readonly #sessions: WebSessions;
  readonly #timer: NodeJS.Timeout;
  #app: Promise<FastifyInstance> | undefined;
  /** Of the one before, which has the ports until then. */
  #closed: Promise<void> | undefined;

  /** Throws `invalid` for settings that cannot be obeyed. */
  constructor(options: BrowsersOptions) {
    this.#options = options;
    const { layout, settings, log } = options;
    this.#plan = webPlan(settings, log);
    const { store, kept } = openStore(layout, (text) => log.warn(text));
    this.#sessions = new WebSessions(store, kept);
    this.#timer = setInterval(() => void this.#tend(), sweepMs).unref();
  }

  /** Listens again for who had come in before the daemon's start, and where the settings say at any time. */
  async start(): Promise<void> {
    const { isAlways, url } = this.#plan;
    if (!isAlways && this.#sessions.emptyMs !== undefined) return;
    try {
      await this.#listen();
      this.#options.log.info(`browsers come in at ${url}`);
    } catch (error) {
      if (isAlways || !isFault(error, 'in-use')) throw error;
      // Open pages have asked whoever is there, and told him who they are. So may programs, whose tokens read metrics alone.
      await this.#sessions.endSessions();
      this.#options.log.error(
        `${error.message}: no session of before is good any more; tokens are, and may have been told to it: ctvirt web --list shows them, ctvirt web --revoke ID ends one`,
      );
    }
  }

  list(): readonly WebSession[] {
    return this.#sessions.list();
  }

  async open({ role = 'operator', forSeconds }: WebRequest): Promise<WebEntry> {
    const isToken = role === 'metrics';
    const mostSeconds = terms.sessionMs / 1000;
    if (!isToken && forSeconds !== undefined && forSeconds > mostSeconds)
      throw new EngineError('invalid', `a session of the role ${role} lasts 12 hours at most`);
    // Whoever has the port by then gets no link.
    await this.#listen();
    const lengthMs = (forSeconds ?? (isToken ? tokenSeconds : mostSeconds)) * 1000;
    const { id, untilMs, secret } = isToken
      ? await this.#sessions.newToken(role, lengthMs)
      : this.#sessions.newLink(role, lengthMs);
    const { url, isLocal } = this.#plan;
    this.#options.log.info({ session: id, role }, `one may come in as ${role} at ${url}`);
    return {
      ...{ id, role, url, isLocal },
      link: isToken ? null : `${url}/#t=${secret}`,
      token: isToken ? secret : null,
      expiresAt: new Date(untilMs).toISOString(),
    };
  }

  async revoke(id: string): Promise<WebSession> {
    const revoked = await this.#sessions.revoke(id);
    this.#options.log.info({ session: id }, `session ${id} was ended`);
    return revoked;
  }

  async enter(token: string): Promise<{ readonly key: WebKey; readonly cookie: string }> {
    const { id, role, secret, cookie, leftMs } = await this.#sessions.enter(token);
    this.#options.log.info({ session: id, role }, `somebody came in as ${role}`);
    return {
      key: { ...this.own({ id, role }), key: secret },
      cookie: cookieOf(id, cookie, Math.ceil(leftMs / 1000), this.#plan.isTls),
    };
  }

  own({ id }: SessionView): WebOwn {
    const { role, expiresAt } = this.#sessions.get(id);
    return { id, role, expiresAt, idleSeconds: terms.idleMs / 1000 };
  }

  async leave({ id }: SessionView): Promise<string> {
    await this.#sessions.revoke(id);
    return cookieOf(id, '', 0, this.#plan.isTls);
  }

  /** Sessions stay: who has one goes on with the next daemon. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweep();
    const app = await this.#app?.catch(() => undefined);
    await app?.close();
  }

  #listen(): Promise<FastifyInstance> {
    this.#app ??= this.#opened().catch((error: unknown) => {
      this.#app = undefined;
      throw error;
    });
    return this.#app;
  }

  async #opened(): Promise<FastifyInstance> {
    await this.#closed;
    const { addresses, port, tls } = this.#plan;
    const app = this.#options.appOf({ door: guardedDoor(this.#sessions, this.#plan), web: this, tls });
    serveAssets(app, this.#options.readPage());
    await listenAt(app, addresses, port);
    return app;
  }

  async #tend(): Promise<void> {
    await this.#sweep();
    if (this.#app !== undefined || this.#sessions.emptyMs !== undefined) return;
    try {
      // Whoever had the port at the start may have gone.
      await this.#listen();
      this.#options.log.info(`browsers come in at ${this.#plan.url}`);
    } catch (error) {
      if (!isFault(error, 'in-use')) this.#options.log.error({ err: error }, 'browsers cannot come in');
    }
  }

  async #sweep(): Promise<void> {
    try {
      await this.#sessions.sweep();
      const { emptyMs } = this.#sessions;
      if (emptyMs === undefined || this.#plan.isAlways || emptyMs < closeAfterMs) return;
      const app = this.#app;
      this.#app = undefined;
      this.#closed = app?.then((open) => open.close());
      await this.#closed;
    } catch (error) {
      this.#options.log.error({ err: error }, 'sessions of browsers cannot be kept');
    }
  }
}
