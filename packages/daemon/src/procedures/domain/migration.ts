// Domains that come from another ctvirtd: its questions are cookies of a migration, and files follow as libvirt's tunnel.
// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { EngineError, type MoveQuestion } from '@ctvirt/engine';
import type { RpcError } from '@ctvirt/rpc';
import { type Answered, fromCookie, toCookie } from '../../moves/wire.js';
import type { Bind } from '../session.js';
import { refusal } from '../words/refusal.js';

const foreign = (): RpcError =>
  refusal(
    'noSupport',
    'domain',
    'this function is not supported by the connection driver: domains are moved by `ctvirt migrate`',
  );

/** What is asked in there; of a client that is no ctvirtd it is refused. */
function asked(cookie: Uint8Array, field: string): object {
  const value = fromCookie(cookie);
  if (typeof value !== 'object' || value === null || !(field in value)) throw foreign();
  return value;
}

export const bindMigration: Bind = ({ engine }) => ({
  async domainMigratePrepare3Params({ cookieIn }) {
    const question: MoveQuestion = Reflect.get(asked(cookieIn, 'question'), 'question');
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
    const content = asked(cookieIn, 'target');
    const stream = openStream({ allowHalfOpen: true });
    const received = engine.moves.receive(
      String(Reflect.get(content, 'job')),
      String(Reflect.get(content, 'target')),
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
