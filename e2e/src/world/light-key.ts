// A repository of backups that opens at once. restic makes its key so that each run takes half a second of a processor to find it, which
// a password that was guessed would need; stories run it hundreds of times, and prove nothing of that.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** As little as restic takes for one. */
const light = { N: 1024, r: 8, p: 1 };

interface KeyFile {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: string;
  readonly data: string;
}

interface Derived {
  readonly cipher: Buffer;
  readonly mac: { readonly k: Buffer; readonly r: Buffer };
}

/** Puts its only key behind less work, under the same password. */
export function lightenKey(repository: string, passwordFile: string): void {
  const password = readFileSync(passwordFile, 'utf8').trimEnd();
  const folder = `${repository}/keys`;
  const [name = '', ...others] = readdirSync(folder);
  assert.deepEqual(others, []);
  const file: KeyFile = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'));
  const sealed = Buffer.from(file.data, 'base64');
  const [nonce, content] = [sealed.subarray(0, 16), sealed.subarray(16, -16)];
  const heavy = derive(password, file);
  assert.deepEqual(sealed.subarray(-16), poly1305Aes(heavy.mac, nonce, content));
  const master = createDecipheriv('aes-256-ctr', heavy.cipher, nonce).update(content);

  const salt = randomBytes(64).toString('base64');
  const own = derive(password, { ...light, salt });
  const fresh = randomBytes(16);
  const again = createCipheriv('aes-256-ctr', own.cipher, fresh).update(master);
  const data = Buffer.concat([fresh, again, poly1305Aes(own.mac, fresh, again)]).toString('base64');
  const text = JSON.stringify({ ...file, ...light, salt, data });
  writeFileSync(`${folder}/${createHash('sha256').update(text).digest('hex')}`, text, { mode: 0o400 });
  rmSync(`${folder}/${name}`);
}

function derive(password: string, { N, r, p, salt }: Omit<KeyFile, 'data'>): Derived {
  const maxmem = 256 * N * r;
  const key = scryptSync(password, Buffer.from(salt, 'base64'), 64, { N, r, p, maxmem });
  return { cipher: key.subarray(0, 32), mac: { k: key.subarray(32, 48), r: key.subarray(48) } };
}

/** D. J. Bernstein's Poly1305-AES: a number of the content at `r`, modulo 2^130 - 5, and the nonce as AES has it added. */
function poly1305Aes({ k, r }: Derived['mac'], nonce: Buffer, content: Buffer): Buffer {
  const number = (bytes: Uint8Array): bigint =>
    bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const at = number(r) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let start = 0; start < content.length; start += 16) {
    const part = number(Buffer.concat([content.subarray(start, start + 16), Buffer.of(1)]));
    sum = ((sum + part) * at) % (2n ** 130n - 5n);
  }
  const aes = createCipheriv('aes-128-ecb', k, null).setAutoPadding(false);
  const tag = (sum + number(aes.update(nonce))) % 2n ** 128n;
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse();
}
