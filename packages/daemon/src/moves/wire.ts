// How two ctvirtd speak of a move over libvirt's protocol: JSON in the cookies of a migration, one question in each.
// SPDX-License-Identifier: Apache-2.0
import {
  compileCheck,
  type MoveAnswered,
  type MoveOffer,
  type MoveQuestion,
  type MoveStream,
  moveAnswered,
  moveOffer,
  moveQuestion,
  moveStream,
} from '@ctvirt/api';
import { type EngineCode, EngineError, engineCodes } from '@ctvirt/engine';
import { libvirtError, type RpcError } from '@ctvirt/rpc';

/** A cookie of another program's is none of these. */
const MARK = 'ctvirt-move';

/** What is asked, or announced of the stream that follows, or what a client that leads a move carries from the source to the target. */
export type Asked = { readonly question: MoveQuestion } | MoveStream | { readonly offer: MoveOffer };

export const toCookie = (content: Asked | MoveAnswered): Buffer =>
  Buffer.from(JSON.stringify({ [MARK]: content }));

/** Undefined for what is none. */
export function fromCookie(cookie: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(cookie).toString('utf8'));
    return typeof value === 'object' && value !== null ? Reflect.get(value, MARK) : undefined;
  } catch {
    return undefined;
  }
}

const checkAnswered = compileCheck(moveAnswered);
const checkOffer = compileCheck(moveOffer);
const checkQuestion = compileCheck(moveQuestion);
const checkStream = compileCheck(moveStream);
const isAnswered = (value: unknown): value is MoveAnswered => checkAnswered(value) === undefined;
const isOffer = (value: unknown): value is MoveOffer => checkOffer(value) === undefined;
const isQuestion = (value: unknown): value is MoveQuestion => checkQuestion(value) === undefined;
const isStream = (value: unknown): value is MoveStream => checkStream(value) === undefined;

/** Undefined for what no ctvirtd answers: who has the other end is root there, and says what it likes. */
export function answerIn(cookie: Uint8Array): MoveAnswered | undefined {
  const content = fromCookie(cookie);
  return isAnswered(content) ? content : undefined;
}

/** Undefined for what another ctvirtd does not ask. */
export function questionIn(cookie: Uint8Array): MoveQuestion | undefined {
  const question = partIn(cookie, 'question');
  return isQuestion(question) ? question : undefined;
}

/** Undefined for what no ctvirtd offers. */
export function offerIn(cookie: Uint8Array): MoveOffer | undefined {
  const offer = partIn(cookie, 'offer');
  return isOffer(offer) ? offer : undefined;
}

function partIn(cookie: Uint8Array, part: 'question' | 'offer'): unknown {
  const content = fromCookie(cookie);
  return typeof content === 'object' && content !== null ? Reflect.get(content, part) : undefined;
}

/** Undefined for what another ctvirtd does not announce. */
export function streamIn(cookie: Uint8Array): MoveStream | undefined {
  const content = fromCookie(cookie);
  return isStream(content) ? content : undefined;
}

/** A stream ends with an error of libvirt's, which has a place for one more text: the engine's code. */
export const streamFault = (error: Error): RpcError =>
  libvirtError('operationFailed', 'domain', error.message, {
    str3: error instanceof EngineError ? error.code : null,
  });

/** Undefined where the other end said none. */
export const codeInFault = ({ details }: RpcError): EngineCode | undefined =>
  engineCodes.find((code) => code === details?.str3);
