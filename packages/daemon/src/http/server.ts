// The HTTP server: every route of the contract, bound by its kind of answer to a handler over the engine.
// SPDX-License-Identifier: Apache-2.0
import { isUtf8 } from 'node:buffer';
import { PassThrough, type Readable } from 'node:stream';
import {
  type Answer,
  openApiDocument,
  type Resource,
  type Resources,
  type Route,
  resources,
} from '@ctvirt/api';
import { askedBy, type Engine, EngineError, onBehalfOf } from '@ctvirt/engine';
import { Gate } from '@ctvirt/rpc';
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify';
import { askerOf } from '../asker.js';
import { Requests } from '../metrics/requests.js';
import { bindArchives } from './archives.js';
import { bindBackups } from './backups.js';
import { bindBeancounters } from './beancounters.js';
import { bindCheck } from './check.js';
import { admitClients, type ClientRules } from './clients.js';
import { bindConversions } from './conversions.js';
import { bindDomains } from './domains.js';
import { type Door, guardRoutes, socketDoor } from './door.js';
import { bindEvents } from './events.js';
import { failed } from './failure.js';
import { bindFilters } from './filters.js';
import { bindForwards } from './forwards.js';
import { bindGuarantees } from './guarantees.js';
import type { Handlers } from './handler.js';
import { bindHistory } from './history.js';
import { bindHost } from './host.js';
import { bindJobs } from './jobs.js';
import { bindLife } from './life.js';
import { bindMetrics, type Counts } from './metrics.js';
import { bindNetworks } from './networks.js';
import { bindProfiles } from './profiles.js';
import { bindQuota } from './quota.js';
import { Refusal } from './refusal.js';
import { remarking } from './remarks.js';
import { bindRoots } from './roots.js';
import { answerRows } from './rows.js';
import { acceptSessions, type SessionRoute } from './session.js';
import { bindSnapshots } from './snapshots.js';
import { type AnyCall, answerLines, answerProgress, type Caller } from './stream.js';
import { etagOf, refuseUnheeded, tagsIn } from './tags.js';
import { bindTemplates } from './templates.js';
import { bindTerminals, Terminals } from './terminals.js';
import { bindTraffic } from './traffic.js';
import { bindUsage } from './usage.js';
import { type Admit, admitBody, admitQuery } from './validation.js';
import { bindWeb, noWeb, type Web } from './web.js';

const binders = {
  domains: bindDomains,
  jobs: bindJobs,
  roots: bindRoots,
  snapshots: bindSnapshots,
  archives: bindArchives,
  backups: bindBackups,
  templates: bindTemplates,
  profiles: bindProfiles,
  networks: bindNetworks,
  filters: bindFilters,
  beancounters: bindBeancounters,
  quota: bindQuota,
  traffic: bindTraffic,
  usage: bindUsage,
  conversions: bindConversions,
  history: bindHistory,
  life: bindLife,
  forwards: bindForwards,
  guarantees: bindGuarantees,
  metrics: bindMetrics,
  check: bindCheck,
  events: bindEvents,
  host: bindHost,
} satisfies {
  [R in Exclude<keyof Resources, 'web' | 'terminals'>]: (
    engine: Engine,
    counts: Counts,
  ) => Handlers<Resources[R]>;
};

/** XML and JSON bodies; an uploaded archive is a stream and has no limit here. */
const bodyLimitBytes = 4 * 1024 * 1024;

/** Who is let in where, which is at the daemon's own socket if nothing else is said. */
export interface HttpDoors {
  readonly door?: Door;
  readonly web?: Web;
  /** What the apps of one daemon count together; each its own if absent. */
  readonly requests?: Requests;
  /** Those of all apps of one daemon, likewise. */
  readonly terminals?: Terminals;
  /** With TLS: certificate and key. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** Builds the server, not yet listening; closing it ends its streams and sessions. */
export function createHttpApp(
  engine: Engine,
  logger: FastifyBaseLogger,
  clients: ClientRules = { gate: new Gate() },
  {
    door: inner = socketDoor,
    web = noWeb,
    tls,
    requests = new Requests(),
    terminals = new Terminals(),
  }: HttpDoors = {},
): FastifyInstance {
  const app: FastifyInstance = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => answerUnrouted(door, error, request, reply),
    ...(tls !== undefined && { https: tls }),
    bodyLimit: bodyLimitBytes,
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: false },
  });
  const door = admitClients(app, clients, inner);
  guardRoutes(app, door);
  // The contract's own checks run in the handlers, with the engine's error; fastify's (ajv) never load.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  readBodies(app);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .send({ code: 'not-found', message: `no such operation: ${request.method} ${request.url}` }),
  );
  app.addHook('onResponse', async ({ method, url, log }, reply) =>
    log.debug({ method, url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'http'),
  );

  const bound = new Map(
    Object.entries(binders).map(([name, bind]) => [
      name,
      new Map(Object.entries<unknown>(bind(engine, { requests, sessions: () => web.list() }))),
    ]),
  );
  bound.set('terminals', new Map(Object.entries<unknown>(bindTerminals(terminals))));
  bound.set('web', new Map(Object.entries<unknown>(bindWeb(web))));
  const sessions: SessionRoute[] = [];
  for (const [name, resource] of Object.entries<Resource>(resources)) {
    const handlers = bound.get(name);
    for (const [operation, route] of Object.entries(resource)) {
      // Handlers<R> pairs each route with a handler of its own type; the loop sees only their union.
      const handler = handlers?.get(operation) as never;
      if (route.answer.kind === 'session') sessions.push({ route, handler });
      addRoute(app, route, handler, (status) => requests.count(`${name}.${operation}`, status));
    }
  }
  acceptSessions(app, sessions, { door, terminals, engine });

  let document: string | undefined;
  app.get('/openapi.json', { config: { role: 'viewer' } }, (_request, reply) => {
    document ??= JSON.stringify(openApiDocument());
    return reply.type('application/json').send(document);
  });
  return app;
}

/** JSON and XML whole, and uploads as they come; nothing else is a body. */
function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  );
  app.addContentTypeParser<Buffer>('application/xml', { parseAs: 'buffer' }, (_request, body, done) => {
    // Other bytes would be stored as U+FFFD each.
    if (isUtf8(body)) done(null, body.toString('utf8'));
    else
      done(
        new EngineError(
          'invalid',
          'body: the document is not UTF-8: convert it, whatever its first line says',
        ),
      );
  });
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) =>
    done(null, ownStream(payload)),
  );
}

/** An upload's bytes: who reads them may end them early, and the connection stays for the answer that says why. */
function ownStream(upload: Readable): Readable {
  const own = new PassThrough();
  upload.on('error', (error) => own.destroy(error)).pipe(own);
  own.on('error', () => undefined).once('close', () => upload.resume()); // nobody need be reading
  return own;
}

type Responder = (
  call: AnyCall,
  handler: never,
  request: FastifyRequest,
  reply: FastifyReply,
  route: Route,
) => unknown;

type ValueHandler = (call: AnyCall) => unknown;
type JsonHandler = (call: AnyCall, gone: AbortSignal) => unknown;

const contentTypeOf = (answer: Answer): string =>
  `${answer.kind === 'text' ? answer.type : 'application/json'}; charset=utf-8`;

const responders: { readonly [K in Answer['kind']]: Responder } = {
  none: async (call, handler: ValueHandler, { gone }, reply) => {
    await remarking(reply, () => askedBy(gone, () => handler(call)));
    return reply.code(204).send();
  },
  json: async (call, handler: JsonHandler, { gone }, reply, { answer }) => {
    const result = await remarking(reply, () => askedBy(gone, () => handler(call, gone)));
    return reply.type(contentTypeOf(answer)).send(JSON.stringify(result));
  },
  text: async (call, handler: ValueHandler, { gone }, reply, { answer, tag }) => {
    const document = await remarking(reply, () => askedBy(gone, () => handler(call)));
    if (tag === 'told') reply.header('etag', etagOf(String(document)));
    return reply.type(contentTypeOf(answer)).send(document);
  },
  lines: answerLines,
  rows: answerRows,
  progress: answerProgress,
  session: (_call, _handler, _request, reply) =>
    reply
      .code(426)
      .headers({ upgrade: 'ctvirt-session', connection: 'upgrade' })
      .send({ code: 'invalid', message: 'this operation upgrades the connection: Upgrade: ctvirt-session' }),
};

const contentTypes = {
  json: 'application/json',
  xml: 'application/xml',
  bytes: 'application/octet-stream',
} as const;

function addRoute(
  app: FastifyInstance,
  route: Route,
  handler: never,
  answered: (status: number) => void,
): void {
  const { body } = route;
  const readBody: Admit =
    body.kind === 'json' ? admitBody(body.schema) : (value) => (body.kind === 'none' ? undefined : value);
  const readQuery = admitQuery(route.query ?? {});
  const respond = responders[route.answer.kind];
  app.route({
    method: route.method,
    url: route.path.replace(/\{(\w+)\}/g, ':$1'),
    config: { role: route.role, isLong: ['lines', 'progress'].includes(route.answer.kind) },
    onResponse: async (_request, { statusCode }) => answered(statusCode),
    handler: (request, reply) => {
      refuseUnheeded(route, request.headers);
      const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
      if (body.kind !== 'none' && type !== contentTypes[body.kind])
        throw new EngineError(
          'invalid',
          `body: content type is ${type ?? 'missing'}, not ${contentTypes[body.kind]}`,
        );
      const call = {
        params: request.params,
        query: readQuery(request.query),
        body: readBody(request.body),
        caller: callerOf(request, reply),
        tags: route.tag === 'matched' ? tagsIn(request.headers['if-match']) : undefined,
      };
      return onBehalfOf(
        () => askerOf(request),
        () => respond(call, handler, request, reply, route),
      );
    },
  });
}

const callerOf = (request: FastifyRequest, reply: FastifyReply): Caller => ({
  session: request.visitor?.session,
  letGo: () => request.letGo(),
  setCookie: (cookie) => void reply.header('set-cookie', cookie),
});

/** What no route was looked for, such as a path that cannot be read: who may not ask at all is not told even that. */
function answerUnrouted(door: Door, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  try {
    reply.headers(door.headers);
    door.admit(request.raw, { role: 'viewer' });
    answerError(error, request, reply);
  } catch (refusal) {
    answerError(refusal, request, reply);
  }
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof Refusal) return reply.code(error.status).send(error.body);
  // Fastify's own refusals (no such content type, body too large, broken JSON) carry their status.
  if (
    error instanceof Error &&
    'statusCode' in error &&
    typeof error.statusCode === 'number' &&
    error.statusCode < 500
  )
    return reply.code(error.statusCode).send({ code: 'invalid', message: error.message });
  const { status, body } = failed(error, request.log, { url: request.url });
  return reply.code(status).send(body);
}
