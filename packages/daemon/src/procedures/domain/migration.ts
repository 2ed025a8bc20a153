// Domains that come from another ctvirtd: its questions are cookies of a migration, and files follow as libvirt's tunnel.
// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { EngineError } from '@ctvirt/engine';
import type { RpcError, TypedParam } from '@ctvirt/rpc';
import { type Answered, questionIn, streamIn, toCookie } from '../../moves/wire.js';
import { type Bind, domainOf } from '../session.js';
import { checkFlags, refusal } from '../words/refusal.js';

const foreign = (): RpcError =>
  refusal(
    'noSupport',
    'domain',
    'this function is not supported by the connection driver: domains are moved by `ctvirt migrate`',
  );

const moveFlags = {
  live: 1,
  peerToPeer: 2,
  tunnelled: 4,
  persistent: 8,
  undefineSource: 16,
  changeProtection: 256,
  offline: 1024,
} as const;
const known = Object.values(moveFlags).reduce((sum, bit) => sum | bit, 0);
const both = moveFlags.persistent | moveFlags.undefineSource;

/** Two definitions of one container are an accident, and only this daemon can carry its files. */
function checkMove(flags: number, params: readonly TypedParam[], procedure: string): void {
  checkFlags(flags, known, procedure);
  if ((flags & moveFlags.peerToPeer) === 0)
    throw refusal(
      'operationUnsupported',
      'domain',
      "a container's files go from daemon to daemon: add --p2p",
    );
  if ((flags & both) !== both)
    throw refusal(
      'argumentUnsupported',
      'domain',
      'a container is one host alone: add --persistent --undefinesource',
    );
  const [other] = params.filter(({ field }) => field !== 'bandwidth');
  if (other !== undefined)
    throw refusal('argumentUnsupported', 'domain', `a container is moved as it is, without '${other.field}'`);
}

/** Whichever driver the client knows it by, the other end is a ctvirtd. */
function targetOf(uri: string | null): string {
  if (uri === null || !/^\w+\+/.test(uri))
    throw refusal('invalidArg', 'domain', 'a URI such as ctvirt+ssh://HOST/system says where to');
  return uri.replace(/^\w+\+/, 'ctvirt+');
}

export const bindMigration: Bind = ({ engine }) => ({
  async domainMigratePerform3Params({ dom, dconnuri, params, flags }, { session, name }) {
    checkMove(flags, params, name);
    const { uuid } = domainOf(engine, session, dom);
    await engine.moves.move(uuid, targetOf(dconnuri));
    // Whoever asks one daemon alone has no use for a cookie, and takes one for a failure.
    return { cookieOut: Buffer.alloc(0) };
  },
  async domainMigratePrepare3Params({ cookieIn }) {
    const question = questionIn(cookieIn);
    if (question === undefined) throw foreign();
    const answered: Answered = await engine.moves.answer(question).then(
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
      (error: unknown) =>
        stream.destroy(
          error instanceof Error ? refusal('operationFailed', 'domain', error.message) : foreign(),
        ),
    );
    return { cookieOut: Buffer.alloc(0) };
  },
});
