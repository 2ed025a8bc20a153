// The contract as an OpenAPI 3.1 document, whose schemas are the contract's own.
// SPDX-License-Identifier: Apache-2.0
import { errorTable } from './errors.js';
import { resources } from './resources.js';
import type { Answer, Body, Route } from './route.js';
import type { TSchema } from './schema.js';
import { frameTable, sessionProtocol, stdinWindowBytes } from './session/frame.js';
import { errorBody } from './shapes/error-body.js';
import { progressLine } from './shapes/template.js';
import { version } from './version.js';

type Json = { readonly [name: string]: unknown };

/** Builds the document; titled schemas become components. */
export function openApiDocument(): Json {
  const components: Record<string, unknown> = {};
  const refer = (schema: TSchema) => extract(schema, components);
  const paths: Record<string, Record<string, Json>> = {};
  for (const [tag, operations] of Object.entries(resources)) {
    for (const [name, route] of Object.entries<Route>(operations)) {
      const path = (paths[route.path] ??= {});
      path[route.method.toLowerCase()] = operation(tag, name, route, refer);
    }
  }
  refer(errorBody);
  return {
    openapi: '3.1.0',
    info: { title: 'ctvirtd', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: { schemas: components },
  };
}

function operation(tag: string, name: string, route: Route, refer: (schema: TSchema) => unknown): Json {
  const params = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, param]) => ({
    name: param,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const query = Object.entries(route.query ?? {}).map(([param, schema]) => ({
    name: param,
    in: 'query',
    required: false,
    schema: refer(schema),
  }));
  const headers = [
    ...(route.tag === 'matched' ? [ifMatch] : []),
    ...(route.answer.kind === 'progress' ? [prefer] : []),
  ];
  return {
    operationId: `${tag}.${name}`,
    tags: [tag],
    'x-role': route.role,
    summary: route.summary,
    ...(params.length + query.length + headers.length > 0 && {
      parameters: [...params, ...query, ...headers],
    }),
    ...(route.body.kind !== 'none' && { requestBody: requestBody(route.body, refer) }),
    responses: {
      ...withTag(route, success(route.answer, refer)),
      default: {
        description: `An error; \`code\` is one of ${Object.keys(errorTable).join(', ')}`,
        content: { 'application/json': { schema: refer(errorBody) } },
      },
    },
  };
}

const ifMatch = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description: 'Only if the document still has this ETag; 412 if it has not',
  schema: { type: 'string' },
} as const;

const prefer = {
  name: 'Prefer',
  in: 'header',
  required: false,
  description: '`respond-async`: it goes on when the client leaves; it is among the jobs',
  schema: { type: 'string' },
} as const;

/** Of a document whose tag is told. */
function withTag({ tag }: Route, answers: Json): Json {
  if (tag !== 'told') return answers;
  const headers = {
    ETag: { description: 'Of this text of the document alone', schema: { type: 'string' } },
  };
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [status, Object.assign({}, answer, { headers })]),
  );
}

function requestBody(body: Body, refer: (schema: TSchema) => unknown): Json {
  const content: Record<Exclude<Body['kind'], 'none'>, () => Json> = {
    json: () => ({ 'application/json': { schema: body.kind === 'json' ? refer(body.schema) : {} } }),
    xml: () => ({ 'application/xml': { schema: { type: 'string' } } }),
    bytes: () => ({ 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }),
  };
  return { required: true, content: body.kind === 'none' ? {} : content[body.kind]() };
}

function success(answer: Answer, refer: (schema: TSchema) => unknown): Json {
  switch (answer.kind) {
    case 'none':
      return { 204: { description: 'Done' } };
    case 'json':
      return {
        200: { description: 'Done', content: { 'application/json': { schema: refer(answer.schema) } } },
      };
    case 'text':
      return { 200: { description: 'Done', content: { [answer.type]: { schema: { type: 'string' } } } } };
    case 'rows': {
      const schema = refer(answer.schema);
      return {
        200: {
          description:
            'A list; as application/x-ndjson, where the request accepts that, one JSON object a line',
          content: {
            'application/json': { schema: { type: 'array', items: schema } },
            'application/x-ndjson': { schema },
          },
        },
      };
    }
    case 'lines':
      return {
        200: {
          description: 'One JSON object a line, until either side ends it',
          content: { 'application/x-ndjson': { schema: refer(answer.schema) } },
        },
      };
    case 'progress':
      return {
        200: {
          description: 'One JSON object a line: progress, and last the result or the error',
          content: {
            'application/x-ndjson': {
              schema: {
                oneOf: [
                  member('progress', refer(progressLine)),
                  member('result', refer(answer.schema)),
                  member('error', refer(errorBody)),
                ],
              },
            },
          },
        },
      };
    case 'session':
      return {
        101: {
          description: describeSession(),
          content: { 'application/json': { schema: refer(answer.open) } },
        },
      };
  }
}

/** The framing in words, for whoever writes a client of their own. */
function describeSession(): string {
  const frames = Object.entries(frameTable).map(
    ([name, { byte, from, carries }]) => `- ${byte} \`${name}\`, from the ${from}: ${carries}`,
  );
  return [
    `Ask with \`Upgrade: ${sessionProtocol}\`, or for a WebSocket of that protocol, with binary messages. Both sides then send frames: a type byte, the payload's length in`,
    `32 bits, the payload; numbers are big-endian. The first frame is \`open\`, with the JSON object below. At most`,
    `${stdinWindowBytes} bytes of stdin may be under way, not yet \`consumed\`. Types:`,
    ...frames,
  ].join('\n');
}

const member = (name: string, schema: unknown): Json => ({
  type: 'object',
  required: [name],
  properties: { [name]: schema },
});

/** The schema as plain JSON, each titled part moved to the components and referred to. */
function extract(schema: unknown, components: Record<string, unknown>): unknown {
  if (Array.isArray(schema)) return schema.map((item) => extract(item, components));
  if (typeof schema !== 'object' || schema === null) return schema;
  const plain = Object.fromEntries(
    Object.entries(schema)
      .filter(([name]) => !name.startsWith('~'))
      .map(([name, value]) => [name, extract(value, components)]),
  );
  const { title } = plain;
  if (typeof title !== 'string') return plain;
  components[title] = plain;
  return { $ref: `#/components/schemas/${title}` };
}
