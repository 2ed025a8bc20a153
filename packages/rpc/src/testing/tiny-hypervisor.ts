// A server with a handful of procedures over domains in memory, for tests with real clients.
// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { libvirtError } from '../remote-error.js';
import type { Handlers } from '../server/handlers.js';
import { RpcServer, type ServerOptions } from '../server/server.js';
import { listenUnix } from '../transport/listen.js';

interface TinyDomain {
  name: string;
  uuid: string;
  id: number;
}

/** What the tests' sessions hold: the name the connection was opened with. */
export interface TinySession {
  name: string;
}

/** A running server; `faults` collects what its handlers threw unexpectedly. */
export interface TinyHypervisor extends AsyncDisposable {
  readonly server: RpcServer<TinySession>;
  readonly socket: string;
  readonly readOnlySocket: string;
  readonly faults: unknown[];
  readonly ended: string[];
  /** Everything uploaded so far. */
  readonly uploaded: Buffer[];
}

const shutOff = -1;
/** What `domainScreenshot` sends: more than a stream frame and any socket buffer hold. */
export const picture = Buffer.alloc(1_500_000, 'ctvirt');

function uuidOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** Starts a server on unix sockets of its own. */
export async function startTiny(
  count: number,
  options: Partial<ServerOptions<TinySession>> = {},
): Promise<TinyHypervisor> {
  const domains = Array.from(
    { length: count },
    (_, at): TinyDomain => ({ name: `ct${at}`, uuid: uuidOf(at), id: at % 2 === 0 ? at + 1 : shutOff }),
  );
  const uploaded: Buffer[] = [];
  const faults: unknown[] = [];
  const ended: string[] = [];
  const find = (matches: (domain: TinyDomain) => boolean, text: string): TinyDomain => {
    const found = domains.find(matches);
    if (found === undefined)
      throw libvirtError('noDomain', 'lxc', `Domain not found: No domain with matching ${text}`);
    return found;
  };
  const same = (dom: { uuid: string }): TinyDomain =>
    find(({ uuid }) => uuid === dom.uuid, `uuid '${dom.uuid}'`);
  const change = (domain: TinyDomain, id: number, event: number, detail: number) => {
    domain.id = id;
    server.publish('domain', 'lifecycle', { dom: { ...domain }, event, detail });
  };
  const handlers: Partial<Handlers<TinySession>> = {
    connectGetType: () => ({ type: 'LXC' }),
    connectGetVersion: () => ({ hvVer: 1_002_003n }),
    connectGetLibVersion: () => ({ libVer: 9_000_000n }),
    connectGetHostname: async () => ({ hostname: 'tiny.example' }),
    connectGetUri: (_args, { session }) => ({ uri: session.name }),
    connectListAllDomains: ({ flags }) => {
      const shown = domains.filter(({ id }) => (flags & 3) % 3 === 0 || (flags & 1 ? id >= 0 : id < 0));
      return { domains: shown, ret: shown.length };
    },
    domainLookupByName: ({ name }) => ({ dom: find((domain) => domain.name === name, `name '${name}'`) }),
    domainLookupById: ({ id }) => ({ dom: find((domain) => domain.id === id, `id ${id}`) }),
    domainLookupByUuid: ({ uuid }) => ({ dom: same({ uuid }) }),
    domainGetState: ({ dom }) => ({ state: same(dom).id < 0 ? 5 : 1, reason: 1 }),
    domainGetInfo: ({ dom }) => ({
      state: same(dom).id < 0 ? 5 : 1,
      maxMem: 131_072n,
      memory: 65_536n,
      nrVirtCpu: 2,
      cpuTime: 12_345_678_900n,
    }),
    domainGetOsType: () => ({ type: 'exe' }),
    domainGetXmlDesc: ({ dom }) => ({ xml: `<domain type='lxc'><name>${same(dom).name}</name></domain>` }),
    domainIsPersistent: () => ({ persistent: 1 }),
    domainIsActive: ({ dom }) => ({ active: same(dom).id < 0 ? 0 : 1 }),
    domainGetAutostart: () => ({ autostart: 0 }),
    domainHasManagedSaveImage: () => ({ result: 0 }),
    domainGetSchedulerType: () => ({ type: 'posix', nparams: 1 }),
    domainGetSchedulerParameters: () => ({ params: [{ field: 'cpu_shares', type: 'ullong', value: 1024n }] }),
    domainGetSchedulerParametersFlags: () => ({
      params: [{ field: 'cpu_shares', type: 'ullong', value: 1024n }],
    }),
    domainCreate: ({ dom }) => change(same(dom), 4711, 2, 0),
    domainDestroy: ({ dom }) => change(same(dom), shutOff, 5, 1),
    domainSuspend: ({ dom }) => change(same(dom), same(dom).id, 3, 0),
    domainReboot: () => {
      throw new Error('a fault of this program');
    },
    domainOpenConsole: (_args, call) => {
      const console = call.openStream();
      console.on('data', (keys: Buffer) => {
        if (keys.includes('q')) console.end('bye');
        else console.write(`<${keys}>`);
      });
    },
    domainScreenshot: (_args, call) => {
      call.openStream().end(picture);
      return { mime: 'image/x-tiny' };
    },
    storageVolUpload: ({ offset }, call) => {
      const stream = call.openStream({ allowHalfOpen: true });
      stream.on('data', (bytes: Buffer) => uploaded.push(bytes));
      stream.on('end', () => {
        if (offset === 13n) stream.destroy(libvirtError('operationFailed', 'storage', 'the disk is full'));
        else stream.end();
      });
    },
    ...options.handlers,
  };
  const server: RpcServer<TinySession> = new RpcServer({
    open: ({ name }) => {
      if (name === 'nobody:///')
        throw libvirtError('noConnect', 'none', `no connection driver available for ${name}`);
      return { name };
    },
    closed: ({ name }) => ended.push(name),
    fault: (error) => faults.push(error),
    ...options,
    handlers,
  });
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-tiny-'));
  const socket = join(folder, 'sock');
  const readOnlySocket = join(folder, 'sock-ro');
  const listeners = [
    await listenUnix(server, { path: socket }),
    await listenUnix(server, { path: readOnlySocket, readOnly: true }),
  ];
  return {
    server,
    socket,
    readOnlySocket,
    faults,
    ended,
    uploaded,
    async [Symbol.asyncDispose]() {
      const closing = listeners.map((listener) => listener.close());
      server.close();
      await Promise.all(closing);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
