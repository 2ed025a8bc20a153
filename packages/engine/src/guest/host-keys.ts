// Keys by which an SSH server is known, made as OpenSSH has them: each container's are its own.
// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type JsonWebKey, type KeyObject, randomBytes } from 'node:crypto';
import type { GuestFile, Present } from './files.js';

interface KeyPair {
  readonly secret: string;
  readonly open: string;
}

/** By OpenSSH's names of them. DSA, which no server that is kept up takes any more, is made for none. */
const makers: Readonly<Record<string, ((comment: string) => KeyPair) | undefined>> = {
  ed25519: makeEd25519,
  ecdsa: makeEcdsa,
  rsa: makeRsa,
  dsa: undefined,
};

/** Made where the server's configuration names none. */
const usual = ['ed25519', 'ecdsa'];

/**
 * Makes the keys of a container that never ran, where there is a server and it has none, or those that its template has: whoever has
 * the template knows these. Of kinds that the server is not told to use none is made.
 */
export function hostKeys(hostname: string): GuestFile[] {
  return Object.entries(makers).flatMap(([kind, make]) => {
    let pair: KeyPair | undefined;
    const key = { folder: 'etc/ssh', name: `ssh_host_${kind}_key` };
    return [
      {
        ...key,
        mode: 0o600,
        text: ({ present, made, beside }) => {
          if (present !== 'missing' && !isTemplates(present, made)) return undefined;
          if (make === undefined || !isWanted(kind, beside('sshd_config')))
            return present === 'missing' ? undefined : null;
          pair = make(`root@${hostname}`);
          return pair.secret;
        },
      },
      {
        ...key,
        name: `${key.name}.pub`,
        text: ({ present, made }) => pair?.open ?? (isTemplates(present, made) ? null : undefined),
      },
    ] satisfies GuestFile[];
  });
}

/** Tells a container that never ran from the others of its template. One that is to find out itself at its first start does. */
export const machineId = (uuid: string): GuestFile => ({
  folder: 'etc',
  name: 'machine-id',
  mode: 0o444,
  text: ({ present, made }) =>
    typeof present === 'object' &&
    (present.text.trim() === '' || (isTemplates(present, made) && /^[0-9a-f]{32}\n?$/.test(present.text)))
      ? `${uuid.replaceAll('-', '')}\n`
      : undefined,
});

const isTemplates = (present: Present, made: Present): boolean =>
  typeof present === 'object' && typeof made === 'object' && present.text === made.text;

function isWanted(kind: string, config: Present): boolean {
  if (typeof config !== 'object') return false; // no server
  const named = [...config.text.matchAll(/^[ \t]*HostKey[ \t]+\S*ssh_host_(\w+)_key[ \t]*$/gim)].map(
    ([, one = '']) => one.toLowerCase(),
  );
  return (named.length === 0 ? usual : named).includes(kind);
}

function makeEd25519(comment: string): KeyPair {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x, d } = jwkOf(privateKey);
  const type = 'ssh-ed25519';
  const [open, secret] = [fromBase64(x), fromBase64(d)];
  const blob = Buffer.concat([text(type), text(open)]);
  const check = randomBytes(4);
  const inner = [check, check, text(type), text(open), text(Buffer.concat([secret, open])), text(comment)];
  const section = Buffer.concat(inner);
  const padding = Buffer.from(Array.from({ length: (8 - (section.length % 8)) % 8 }, (_, at) => at + 1));
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[text('none'), text('none'), text(''), number(1), text(blob)],
    text(Buffer.concat([section, padding])),
  ]);
  const lines = whole.toString('base64').replace(/.{1,70}/g, '$&\n');
  return {
    secret: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}-----END OPENSSH PRIVATE KEY-----\n`,
    open: lineOf(type, blob, comment),
  };
}

function makeEcdsa(comment: string): KeyPair {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = jwkOf(privateKey);
  const type = 'ecdsa-sha2-nistp256';
  const point = Buffer.concat([Buffer.from([4]), fromBase64(x), fromBase64(y)]);
  const blob = Buffer.concat([text(type), text('nistp256'), text(point)]);
  return {
    secret: privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
    open: lineOf(type, blob, comment),
  };
}

function makeRsa(comment: string): KeyPair {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { n, e } = jwkOf(privateKey);
  const type = 'ssh-rsa';
  // A number that would be read as a negative one has a zero before it.
  const positive = (value: Buffer): Buffer =>
    (value[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), value]) : value;
  const blob = Buffer.concat([text(type), text(positive(fromBase64(e))), text(positive(fromBase64(n)))]);
  return {
    secret: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    open: lineOf(type, blob, comment),
  };
}

const lineOf = (type: string, blob: Buffer, comment: string): string =>
  `${type} ${blob.toString('base64')} ${comment}\n`;

const jwkOf = (key: KeyObject): JsonWebKey => key.export({ format: 'jwk' });
const fromBase64 = (value = ''): Buffer => Buffer.from(value, 'base64url');

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(bytes.length), bytes]);
}
