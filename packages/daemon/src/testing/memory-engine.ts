// An engine that keeps domains in memory and runs exec's programs on the host: the HTTP layer's tests need no root.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:os';
import { Duplex, PassThrough, type Readable } from 'node:stream';
import {
  type BeancounterReport,
  type DomainEvent,
  type DomainState,
  type DomainSummary,
  type LifecycleEvent,
  type StateReason,
  type Template,
  unmeasured,
} from '@ctvirt/api';
import {
  changesBetween,
  type Engine,
  EngineError,
  type EngineLog,
  type ExecSession,
  type OnProgress,
  parameterEdit,
  rowsOf,
} from '@ctvirt/engine';
import { explainResources, FormatError, setOwnerQuota } from '@ctvirt/formats';
import { type Domain, formatDomain, parseDomain } from '@ctvirt/xml';

interface Entry {
  summary: DomainSummary;
  xml: string;
}

/** What a test may reach behind the engine's back. */
export interface MemoryEngine extends Engine {
  /** Sessions that were opened and not yet ended: a left client must leave none. */
  liveSessions(): number;
  /** Listeners of events, likewise. */
  listeners(): number;
}

const firstOf = (xml: string, pattern: RegExp): string | undefined => pattern.exec(xml)?.[1];

export function createMemoryEngine(log: EngineLog = () => undefined): MemoryEngine {
  const domains = new Map<string, Entry>();
  const templates = new Map<string, Template>();
  const listeners = new Set<(event: DomainEvent) => void>();
  const live = new Set<ExecSession>();
  let nextId = 1000;

  const tell = (event: LifecycleEvent['event'], detail: string, domain: DomainSummary) => {
    for (const listener of listeners) listener({ event, detail, domain, at: new Date().toISOString() });
  };

  const find = (ref: string): Entry => {
    const found = [...domains.values()].find(
      ({ summary }) => String(summary.id) === ref || summary.name === ref || summary.uuid === ref,
    );
    if (found === undefined)
      throw new EngineError('not-found', `Domain not found: no domain with matching name '${ref}'`);
    return found;
  };

  const move = (
    ref: string,
    from: readonly DomainState[],
    state: DomainState,
    reason: StateReason,
  ): DomainSummary => {
    const entry = find(ref);
    const { summary } = entry;
    if (!from.includes(summary.state))
      throw new EngineError(
        'wrong-state',
        `Requested operation is not valid: domain '${summary.name}' is ${summary.state}`,
      );
    const id = state === 'shutoff' ? null : (summary.id ?? nextId++);
    entry.summary = { ...summary, state, reason, id };
    if (state === 'shutoff' && !summary.persistent) domains.delete(summary.name);
    return entry.summary;
  };

  const define = (xml: string, persistent: boolean): DomainSummary => {
    const name = firstOf(xml, /<name>([^<]*)<\/name>/);
    if (name === undefined || name === '') {
      const line = xml.split('\n').length;
      throw new EngineError('invalid', 'the document is no valid domain', {
        findings: [
          {
            severity: 'error',
            code: 'missing',
            message: 'missing element <name>',
            line,
            column: 1,
            path: '/domain',
            expected: '<name>',
            excerpt: xml.split('\n').at(-1) ?? '',
          },
        ],
      });
    }
    const old = domains.get(name);
    const uuid = firstOf(xml, /<uuid>([^<]*)<\/uuid>/) ?? old?.summary.uuid ?? randomUUID();
    if (old !== undefined && old.summary.uuid !== uuid)
      throw new EngineError('exists', `domain '${name}' already exists with uuid ${old.summary.uuid}`, {
        name,
      });
    const summary: DomainSummary = {
      id: null,
      name,
      uuid,
      type: firstOf(xml, /<domain[^>]*\btype=['"](\w+)['"]/) ?? 'lxc',
      title: firstOf(xml, /<title>([^<]*)<\/title>/) ?? null,
      state: 'shutoff',
      reason: 'unknown',
      autostart: false,
      ctid: null,
      template: firstOf(xml, /<source name=['"]([^'"]*)['"]/) ?? null,
      profile: firstOf(xml, /<profile>([^<]*)<\/profile>/) ?? null,
      hostname: name,
      addresses: [],
      ...old?.summary,
      persistent,
    };
    domains.set(name, { summary, xml });
    tell('defined', old === undefined ? 'added' : 'updated', summary);
    return summary;
  };

  const remarks = (xml: string, strict = false) => {
    if (!xml.includes('<odd/>')) return [];
    const severity: 'error' | 'warning' = strict ? 'error' : 'warning';
    const finding = {
      severity,
      code: 'unknown-element',
      message: 'unknown element <odd>',
      line: 1,
      column: 1,
      path: '/domain/odd',
    };
    if (strict) throw new EngineError('invalid', 'the document is no valid domain', { findings: [finding] });
    return [finding];
  };

  const start = (ref: string): DomainSummary => {
    const summary = move(ref, ['shutoff'], 'running', 'booted');
    tell('started', 'booted', summary);
    return summary;
  };

  const stop = (ref: string, reason: StateReason): DomainSummary => {
    const summary = move(ref, ['running', 'paused'], 'shutoff', reason);
    tell('stopped', reason, summary);
    return summary;
  };

  const pause = async (delayMs: number, signal?: AbortSignal) => {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (signal?.aborted) throw new EngineError('interrupted', 'the import was interrupted');
  };

  const addTemplate = async (
    name: string,
    source: string,
    archive: Buffer,
    options: { onProgress?: OnProgress; signal?: AbortSignal; digest?: string; sizeBytes?: number },
  ): Promise<Template> => {
    if (templates.has(name)) throw new EngineError('exists', `template '${name}' exists`);
    if (options.sizeBytes !== undefined && options.sizeBytes !== archive.length)
      throw new EngineError('invalid', `${source} has ${archive.length} bytes, not ${options.sizeBytes}`);
    for (let done = 0; done <= 3; done++) {
      options.onProgress?.({ phase: done === 0 ? 'reading' : 'unpacking', done, total: 3 });
      await pause(20, options.signal);
    }
    if (archive.includes('HOSTILE')) throw new EngineError('invalid', 'the archive leaves its folder: ../x');
    const template: Template = {
      name,
      digest: `sha256:${'0'.repeat(64)}`,
      sizeBytes: archive.length,
      unpackedBytes: archive.length * 3,
      inodes: 7,
      importedAt: new Date(0).toISOString(),
      source,
      usedBy: [],
    };
    templates.set(name, template);
    return template;
  };

  const known = <T>(value: T | undefined, what: string): T => {
    if (value === undefined) throw new EngineError('not-found', `no ${what}`);
    return value;
  };

  const profile = {
    name: 'vps.basic',
    path: '/etc/ctvirt/ve-vps.basic.conf-sample',
    text: 'NUMPROC="240:240"\n',
    findings: [],
  };

  const facts = { pageSize: 4096, hostCpus: 2 };

  const engine: MemoryEngine = {
    liveSessions: () => live.size,
    listeners: () => listeners.size,
    list: () => [...domains.values()].map(({ summary }) => summary),
    summary: (ref) => find(ref).summary,
    find: (key) =>
      [...domains.values()].find(({ summary }) =>
        Object.entries(key).every(([name, value]) => summary[name as keyof DomainSummary] === value),
      )?.summary,
    info: async (ref) => ({
      ...find(ref).summary,
      ...unmeasured,
      initPid: null,
      startedAt: null,
      vcpus: 1,
      maxMemoryKiB: 262144,
      usedMemoryKiB: 1024,
      cpuTimeNs: 1.5e9,
      processes: 3,
      maxProcesses: 240,
      maxProcessesDefault: false,
      disk: { usedBytes: 1536 * 1024, limitBytes: 1024 ** 3, usedInodes: 12, limitInodes: null },
      idMap: { start: 100000, count: 65536 },
      walls: [{ name: 'system-calls', state: 'up', how: '34 are refused' }],
    }),
    xml: async (ref) => find(ref).xml,
    document: async (ref) => readDomain(find(ref).xml),
    amend: async (ref, _targets, edit) => {
      const entry = find(ref);
      const before = readDomain(entry.xml);
      const after = edited(edit, before);
      entry.xml = formatDomain(after);
      const changes = changesBetween(before, after, facts);
      const at = new Date().toISOString();
      const event = { event: 'changed', detail: '', domain: entry.summary, changes, at } as const;
      if (changes.length > 0) for (const listener of listeners) listener(event);
    },
    parameters: async (ref) => explainResources(readDomain(find(ref).xml), facts),
    setParameters: async (ref, values, targets) => {
      await engine.amend(ref, targets, parameterEdit(values, facts));
      return rowsOf(values, await engine.parameters(ref));
    },
    guarantees: async () => ({ policy: 'warn', rows: [], domains: [], fits: null, fitsBy: null }),
    deliveries: async () => [],
    beancounters: async (ref) => beancountersOf(find(ref).summary),
    allBeancounters: async () =>
      [...domains.values()]
        .filter(({ summary }) => summary.id !== null)
        .map(({ summary }) => beancountersOf(summary)),
    quota: async (ref) => ({
      name: find(ref).summary.name,
      graceSeconds: 259200,
      filesystems: [
        {
          target: '/',
          enforced: true,
          space: {
            used: 1536 * 1024,
            soft: 1024 * 1024,
            hard: 1024 ** 3,
            state: 'over',
            graceEnds: '2026-01-04T00:00:00.000Z',
          },
          inodes: { used: 12, soft: null, hard: null, state: 'within', graceEnds: null },
          how: 'an ext4 image of its own',
          owners: [
            {
              kind: 'user',
              id: 500,
              enforced: false,
              space: { used: null, soft: null, hard: 5 * 1024 ** 3, state: 'within', graceEnds: null },
              inodes: { used: null, soft: null, hard: null, state: 'within', graceEnds: null },
            },
          ],
          ownersHow: 'nothing counts them',
        },
      ],
    }),
    setOwnerQuota: async (ref, values, targets) => {
      await engine.amend(ref, targets, (domain) => setOwnerQuota(domain, values));
      return await engine.quota(ref);
    },
    counters: (ref) => {
      if (find(ref).summary.id === null) throw new EngineError('wrong-state', 'domain is not running');
      return {
        cpuTimeNs: () => 1.5e9,
        usedMemoryKiB: () => 1024,
        cpu: () => ({ totalNs: 1.5e9, userNs: 1e9, systemNs: 5e8 }),
        processorTimesNs: () => [1e9, 5e8],
        memory: () => ({
          usedKiB: 1024,
          limitKiB: 262144,
          rssKiB: 512,
          cacheKiB: 512,
          swapKiB: 0,
          faults: 3,
          majorFaults: 1,
        }),
        io: () => ({ readBytes: 4096, writtenBytes: 8192, reads: 1, writes: 2 }),
        links: async () => [],
      };
    },
    addresses: async () => [],
    signal: () => undefined,
    links: async () => [],
    define: async (xml, options) => {
      const findings = remarks(xml, options?.strict);
      return { domain: define(xml, true), findings };
    },
    adopt: async ({ format, name, config = `/etc/${format}/${name}` }) => {
      if (domains.has(name)) throw new EngineError('exists', `domain '${name}' is already defined`);
      const domain = define(`<domain type='${format}'><name>${name}</name></domain>`, true);
      const row = (key: string, line: number, status: 'carried' | 'ignored', how: string) => ({
        file: config,
        line,
        key,
        status,
        how,
      });
      return {
        domain,
        findings: [],
        report: [
          row('HOSTNAME', 1, 'carried', 'hostname'),
          row('ODD', 2, 'ignored', 'no parameter of OpenVZ'),
        ],
      };
    },
    create: async (xml, options) => {
      const findings = remarks(xml, options?.strict);
      return { domain: start(define(xml, false).name), findings };
    },
    start: async (ref) => {
      const { summary, xml } = find(ref);
      if (xml.includes('<unkept/>')) log('warn', `domain '${summary.name}': nothing keeps <unkept>`);
      return start(ref);
    },
    shutdown: async (ref) => stop(ref, 'shutdown'),
    reboot: async (ref) => move(ref, ['running'], 'running', 'booted'),
    destroy: async (ref) => stop(ref, 'destroyed'),
    suspend: async (ref) => move(ref, ['running'], 'paused', 'user'),
    resume: async (ref) => move(ref, ['paused'], 'running', 'unpaused'),
    undefine: async (ref) => {
      const { summary } = find(ref);
      domains.delete(summary.name);
      tell('undefined', 'removed', summary);
    },
    setAutostart: async (ref, autostart) => {
      const entry = find(ref);
      entry.summary = { ...entry.summary, autostart };
      return entry.summary;
    },
    exec: async (ref, { argv, env, tty }) => {
      if (find(ref).summary.state !== 'running')
        throw new EngineError('wrong-state', `domain '${ref}' is not running`);
      const session = runOnHost(argv, env ?? {}, tty ?? false);
      live.add(session);
      void session.exited.then(() => live.delete(session));
      return session;
    },
    console: async (ref) => {
      if (find(ref).summary.state !== 'running')
        throw new EngineError('wrong-state', `domain '${ref}' is not running`);
      const stream: Duplex = new Duplex({
        read: () => undefined,
        write: (chunk: Buffer, _encoding, done) => {
          stream.push(chunk.toString('utf8').toUpperCase());
          if (chunk.includes('bye')) stream.push(null);
          done();
        },
      });
      stream.push('login: ');
      return { stream, resize: (columns, rows) => void stream.push(`[${columns}x${rows}]`) };
    },
    templates: {
      list: async () => [...templates.values()],
      get: async (name) => known(templates.get(name), `template '${name}'`),
      import: async (name, source, options = {}) => {
        const archive = typeof source === 'string' ? Buffer.from(source) : await bytesOf(source);
        return addTemplate(name, typeof source === 'string' ? source : 'upload', archive, options);
      },
      buildDebian: (name, options = {}) =>
        addTemplate(name, `debian ${options.suite ?? 'stable'}`, Buffer.alloc(9), options),
      buildBusybox: (name) => addTemplate(name, 'busybox', Buffer.alloc(3), {}),
      remove: async (name) => {
        known(templates.get(name), `template '${name}'`);
        templates.delete(name);
      },
    },
    profiles: {
      list: async () => [profile],
      get: async (name) => known(name === profile.name ? profile : undefined, `profile '${name}'`),
    },
    check: async () => ({
      owned: [{ kind: 'mount', what: '/lib/ctvirt/web/root', owner: 'web' }],
      stray: [{ kind: 'loop', what: '/dev/loop7', owner: null }],
    }),
    clean: async () => [{ kind: 'loop', what: '/dev/loop7', owner: null }],
    onEvent: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    host: async () => ({
      driver: 'memory',
      driverVersion: '1.0.0',
      cgroups: 'v2',
      cpus: 2,
      kernel: '6.1.0',
      arch: 'x64',
      memoryBytes: 1 << 30,
      pageSize: 4096,
      seccomp: true,
      appArmor: 'off',
      filesystem: 'ext4',
      quotas: [],
      state: '/var/lib/ctvirt',
      domains: domains.size,
    }),
    close: async () => undefined,
  };
  return engine;
}

const beancountersOf = ({ name, uuid, ctid, id }: DomainSummary): BeancounterReport => ({
  name,
  uuid,
  ctid,
  startedAt: id === null ? null : '2026-01-01T00:00:00.000Z',
  countedAt: id === null ? null : '2026-01-01T00:00:00.000Z',
  rows: [
    {
      resource: 'numproc',
      unit: 'count',
      held: id === null ? null : 3,
      maxheld: id === null ? null : 40,
      sampled: false,
      barrier: 40,
      limit: 40,
      failcnt: id === null ? null : 7,
      how: 'pids.current',
    },
    {
      resource: 'numiptent',
      unit: 'count',
      held: null,
      maxheld: null,
      sampled: true,
      barrier: null,
      limit: null,
      failcnt: null,
      how: 'not counted',
    },
  ],
});

async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A value that is none is refused as the real engine does it. */
function edited(edit: (domain: Domain) => Domain, domain: Domain): Domain {
  try {
    return edit(domain);
  } catch (error) {
    if (error instanceof FormatError) throw new EngineError('invalid', error.message);
    throw error;
  }
}

/** Refused as the real engine refuses what it cannot read. */
function readDomain(xml: string): Domain {
  const { domain, findings } = parseDomain(xml);
  if (domain === undefined) throw new EngineError('invalid', 'the document cannot be used', { findings });
  return domain;
}

function runOnHost(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  tty: boolean,
): ExecSession {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { env: { PATH: process.env.PATH, ...env }, stdio: 'pipe' });
  const stdout = new PassThrough();
  const stderr = tty ? stdout : new PassThrough();
  child.stdout.pipe(stdout);
  if (tty) child.stderr.on('data', (chunk) => stdout.write(chunk));
  else child.stderr.pipe(stderr);
  const exited = new Promise<number>((resolve) => {
    child.on('error', (error) => {
      stderr.end(`${error.message}\n`);
      stdout.end();
      resolve(127);
    });
    child.on('exit', (status, signal) =>
      resolve(status ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
  return {
    stdin: child.stdin,
    stdout,
    stderr: tty ? new PassThrough().end() : stderr,
    exited,
    resize: (columns, rows) => void stdout.write(`[${columns}x${rows}]`),
    signal: (name) => void child.kill(name),
    kill: () => void child.kill('SIGKILL'),
  };
}
