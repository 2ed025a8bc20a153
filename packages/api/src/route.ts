// How one HTTP operation is declared: method, path, what goes in, what comes out. Everything else derives from it.
// SPDX-License-Identifier: Apache-2.0
import type { Role } from './role.js';
import type { Static, TSchema } from './schema.js';

/** What a request carries after its head. */
export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly schema: TSchema }
  | { readonly kind: 'xml' }
  | { readonly kind: 'bytes' };

/**
 * What an operation answers. `text` is a document of that media type, as it is; `rows` a list, or to who accepts that NDJSON,
 * the first while others are still to be found; `lines` is NDJSON until either side ends it; `progress` is NDJSON too, some `{progress}` lines and one last `{result}` or `{error}`; `session` upgrades the
 * connection (session/frame.ts).
 */
export type Answer =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly schema: TSchema }
  | { readonly kind: 'text'; readonly type: string }
  | { readonly kind: 'rows'; readonly schema: TSchema }
  | { readonly kind: 'lines'; readonly schema: TSchema }
  | { readonly kind: 'progress'; readonly schema: TSchema }
  | { readonly kind: 'session'; readonly open: TSchema };

/** What HTTP calls the operation. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One operation of the contract. */
export interface Route {
  readonly method: Method;
  /** In OpenAPI's form: `/v1/domains/{domain}`. */
  readonly path: string;
  /** Who may ask for it; there is no default, and a GET is no licence: see role.ts. */
  readonly role: Role;
  readonly summary: string;
  readonly query?: { readonly [name: string]: TSchema } | undefined;
  readonly body: Body;
  readonly answer: Answer;
  /** Whether the answer's head tells a tag of the document (ETag), or the request may say which one it is to have still (If-Match). */
  readonly tag?: 'told' | 'matched' | undefined;
}

/** One resource: its operations by name. */
export type Resource = { readonly [operation: string]: Route };

type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never;

/** The path's parameters, each a string that the client escapes and the server unescapes. */
export type Params<R extends Route> = { readonly [N in ParamNames<R['path']>]: string };

type QueryOf<R extends Route> = R extends {
  readonly query: infer Q extends { readonly [n: string]: TSchema };
}
  ? Q
  : Record<never, never>;

/** The query's members after conversion from text; every one may be left out. */
export type Query<R extends Route> = {
  readonly [N in keyof QueryOf<R>]?:
    | (QueryOf<R>[N] extends infer S extends TSchema ? Static<S> : never)
    | undefined;
};

type BodyValue<B extends Body, Bytes> = B extends {
  readonly kind: 'json';
  readonly schema: infer S extends TSchema;
}
  ? Static<S>
  : B extends { readonly kind: 'xml' }
    ? string
    : B extends { readonly kind: 'bytes' }
      ? Bytes
      : undefined;

/** What a request of this route carries; `Bytes` is how either side holds a byte stream. */
export type BodyOf<R extends Route, Bytes> = BodyValue<R['body'], Bytes>;

/** What this route answers as one value, or one line of it. */
export type ResultOf<R extends Route> = R['answer'] extends {
  readonly kind: 'rows';
  readonly schema: infer S extends TSchema;
}
  ? readonly Static<S>[]
  : R['answer'] extends {
        readonly kind: 'json' | 'lines' | 'progress';
        readonly schema: infer S extends TSchema;
      }
    ? Static<S>
    : R['answer'] extends { readonly kind: 'text' }
      ? string
      : undefined;

/** What the first frame of a session route says. */
export type OpenOf<R extends Route> = R['answer'] extends {
  readonly kind: 'session';
  readonly open: infer S extends TSchema;
}
  ? Static<S>
  : never;

/** Nothing goes in, or comes out. */
export const none = { kind: 'none' } as const;
/** A body that is an XML document. */
export const xml = { kind: 'xml' } as const;
/** A body of any bytes, such as an archive, as long as they come. */
export const bytes = { kind: 'bytes' } as const;
/** One JSON value, in or out. */
export const json = <S extends TSchema>(schema: S) => ({ kind: 'json', schema }) as const;
/** An answer that is a document of a media type, in UTF-8. */
export const text = <const T extends string>(type: T) => ({ kind: 'text', type }) as const;
/** An answer that is a list of such values, one a line where that is accepted. */
export const rows = <S extends TSchema>(schema: S) => ({ kind: 'rows', schema }) as const;
/** An answer of JSON values, one a line, until either side ends it. */
export const lines = <S extends TSchema>(schema: S) => ({ kind: 'lines', schema }) as const;
/** An answer that tells how far the operation is, and last its result. */
export const progress = <S extends TSchema>(schema: S) => ({ kind: 'progress', schema }) as const;
/** An answer that is a connection of its own, which begins with this from the client. */
export const session = <S extends TSchema>(open: S) => ({ kind: 'session', open }) as const;

/** Checks a declaration and keeps its exact type. */
export const resource = <const R extends Resource>(operations: R): R => operations;
