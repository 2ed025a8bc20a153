// Domains that go to another ctvirtd and come from one: libvirt's migration, led by the source or by the client that asks both. The
// daemons' own questions are cookies of it, and files follow as libvirt's tunnel.
// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import type { MoveAnswered, MoveReport } from '@ctvirt/api';
import { type Engine, EngineError, isFault } from '@ctvirt/engine';
import type { RpcError, TypedParam } from '@ctvirt/rpc';
import { offerIn, questionIn, streamFault, streamIn, toCookie } from '../../moves/wire.js';
import { type Bind, domainOf, lookUp, type Session, toWireDomain } from '../session.js';
import { checkMove, isOffline, isPeerToPeer, paceOf } from '../words/move.js';
import { refusal } from '../words/refusal.js';

const foreign = (): RpcError =>
  refusal('noSupport', 'domain', 'what comes is no domain of another ctvirtd: nothing else can come here');

const none = Buffer.alloc(0);

/** Whichever driver the client knows it by, the other end is a ctvirtd. */
function targetOf(uri: string | undefined): string {
  if (uri === undefined || !/^\w+\+/.test(uri))
    throw refusal(
      'invalidArg',
      'domain',
      `a URI such as ctvirt+ssh://HOST/system says where to, not '${uri}'`,
    );
  return uri.replace(/^\w+\+/, 'ctvirt+');
}

/** Of what virt-manager says, unless told otherwise, and virsh for QEMU; the port is that of a machine's memory, which no container sends. */
const addressIn = (uri: string): string | undefined =>
  /^tcp:(?:\/\/)?(\[[\da-f:.]+\]|[\w.-]+)(?::\d+)?$/i.exec(uri)?.[1];

const textOf = (params: readonly TypedParam[], name: string): string | undefined => {
  const found = params.find(({ field }) => field === name);
  return found?.type === 'string' ? found.value : undefined;
};

/** It is there; that it also runs there is what a client takes for granted that is told nothing else. */
function checkArrival({ domain, to, failure }: MoveReport): void {
  if (failure !== null)
    throw refusal(
      'operationFailed',
      'domain',
      `domain '${domain}' is at ${to} now, and does not start there: ${failure}`,
    );
}

/** The source leads: the client asks it alone, and has no use for a cookie, which it takes for a failure. */
async function movePeerToPeer(
  engine: Engine,
  uuid: string,
  {
    uri,
    flags,
    params,
    name,
  }: { uri: string | null; flags: number; params: readonly TypedParam[]; name: string },
): Promise<void> {
  checkMove(flags, params, name);
  if (isOffline(flags) && engine.summary(uuid).id !== null)
    throw refusal(
      'operationInvalid',
      'domain',
      '--offline: the domain runs; shut it down, or leave that away',
    );
  checkArrival(await engine.moves.move(uuid, targetOf(uri ?? undefined), paceOf(params)));
}

/** The client leads: it has begun the move on this connection, and was told by the other host where that is. */
async function moveOn(session: Session, uuid: string, params: readonly TypedParam[]): Promise<void> {
  const leaving = session.leaving.get(uuid);
  if (leaving === undefined)
    throw refusal('operationInvalid', 'domain', 'this connection has begun no move of this domain');
  session.leaving.delete(uuid);
  try {
    checkArrival(await leaving.go(targetOf(textOf(params, 'migrate_uri'))));
  } catch (error) {
    if (!isFault(error, 'host-command') || error.details.call !== 'connect') throw error;
    throw new EngineError(
      'host-command',
      `${error.message}; files go from host to host: '--migrateuri ctvirt+ssh://HOST/' says how this one reaches the other`,
      error.details,
      { cause: error },
    );
  } finally {
    // After a failure here the client tells this host nothing any more.
    leaving.stay();
  }
}

export const bindMigration: Bind = ({ engine, uriHere }) => ({
  async domainMigrateBegin3Params({ dom, params, flags }, { session, name, client: { signal } }) {
    checkMove(flags, params, name);
    const { uuid } = domainOf(engine, session, dom);
    const uri = textOf(params, 'migrate_uri');
    if (uri !== undefined && addressIn(uri) === undefined) targetOf(uri);
    const leaving = await engine.moves.begin(uuid, { ...paceOf(params), signal });
    session.leaving.set(uuid, leaving);
    const { offer } = leaving;
    return { cookieOut: toCookie({ offer }), xml: offer.xml };
  },
  async domainMigratePerform3Params({ dom, dconnuri, params, flags }, { session, name }) {
    if (isPeerToPeer(flags)) {
      const { uuid } = domainOf(engine, session, dom);
      await movePeerToPeer(engine, uuid, { uri: dconnuri, flags, params, name });
    } else await moveOn(session, dom.uuid, params);
    return { cookieOut: none };
  },
  domainMigrateFinish3Params({ params, cancelled }, { session }) {
    if (cancelled !== 0) throw refusal('operationFailed', 'domain', 'the move was given up');
    const domain = lookUp(engine, session, { name: textOf(params, 'destination_name') ?? '' });
    return { dom: toWireDomain(domain), cookieOut: none };
  },
  domainMigrateConfirm3Params({ dom: { uuid, name }, cancelled }, { session }) {
    const leaving = session.leaving.get(uuid);
    leaving?.stay();
    session.leaving.delete(uuid);
    if (leaving === undefined && cancelled !== 0)
      throw refusal(
        'operationInvalid',
        'domain',
        `domain '${name}' was given to the other host, and stays there`,
      );
  },
  async domainMigratePrepare3Params({ params, cookieIn }, { client: { origin } }) {
    const offer = offerIn(cookieIn);
    if (offer !== undefined) {
      await engine.moves.answer({ step: 'look', offer });
      const uri = textOf(params, 'migrate_uri');
      const address = uri === undefined ? undefined : addressIn(uri);
      const isSaid = uri !== undefined && address === undefined;
      return { cookieOut: none, uriOut: isSaid ? uri : uriHere(origin.transport, address) };
    }
    const question = questionIn(cookieIn);
    if (question === undefined) throw foreign();
    const answered: MoveAnswered = await engine.moves.answer(question).then(
      (answer) => ({ answer }),
      (error: unknown) => {
        if (!(error instanceof EngineError)) throw error;
        return { error: { code: error.code, message: error.message } };
      },
    );
    return { cookieOut: toCookie(answered), uriOut: null };
  },
  async domainMigratePrepareTunnel3Params({ cookieIn }, { openStream }) {
    const content = streamIn(cookieIn);
    if (content === undefined) throw foreign();
    const stream = openStream({ allowHalfOpen: true });
    const received = engine.moves.receive(
      content,
      // Whoever has read it to its end is not to end it: that says that all of it is unpacked.
      Readable.from(stream.iterator({ destroyOnReturn: false }), { objectMode: false }),
    );
    received.then(
      () => stream.end(),
      (error: unknown) => stream.destroy(error instanceof Error ? streamFault(error) : foreign()),
    );
    return { cookieOut: none };
  },
});
