// Access lists: as the kernel has them, and in the words of those who write archives.
// SPDX-License-Identifier: Apache-2.0

const VERSION = 2;
/** The kernel's numbers of what an entry is for: those with an id have some user or group for it. */
const tags: Readonly<Record<string, readonly [of: number, ofNamed: number]>> = {
  user: [0x01, 0x02],
  group: [0x04, 0x08],
  mask: [0x10, 0x10],
  other: [0x20, 0x20],
};
const NOBODY = 0xffffffff;
const MOST_ENTRIES = 1024;

/** Its tags as letters, in the kernel's order: one of each that has no name, and a mask where there are names. */
const letters = new Map([0x01, 0x02, 0x04, 0x08, 0x10, 0x20].map((tag, at) => [tag, 'uUgGmo'[at]]));
const ORDER = /^u(?:gm?|U*gG*m)o$/;

/** A version, and entries of a tag, its permissions and an id, such as the kernel takes; none at all is no list. */
export function isAcl(value: Buffer, maxId = NOBODY - 1): boolean {
  const isFit = value.length >= 4 && value.length <= 4 + 8 * MOST_ENTRIES && (value.length - 4) % 8 === 0;
  if (!isFit || value.readUInt32LE(0) !== VERSION) return false;
  let order = '';
  for (let at = 4; at < value.length; at += 8) {
    const letter = letters.get(value.readUInt16LE(at)) ?? '?';
    const isNamed = letter === 'U' || letter === 'G';
    if (value.readUInt16LE(at + 2) > 7 || (isNamed && value.readUInt32LE(at + 4) > maxId)) return false;
    order += letter;
  }
  return order === '' || ORDER.test(order);
}

/** GNU tar writes names of the host that it runs on, whatever it is told: of these Debian has the numbers fixed. */
const names = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text.split(' ').map((word) => {
      const [name = '', id = ''] = word.split('=');
      return [name, Number(id)];
    }),
  );
const users = names(
  'root=0 daemon=1 bin=2 sys=3 sync=4 games=5 man=6 lp=7 mail=8 news=9 uucp=10 proxy=13 www-data=33 backup=34 list=38 irc=39 gnats=41 nobody=65534',
);
const groups = names(
  'root=0 daemon=1 bin=2 sys=3 adm=4 tty=5 disk=6 lp=7 mail=8 news=9 uucp=10 man=12 proxy=13 kmem=15 dialout=20 fax=21 voice=22 cdrom=24 floppy=25 tape=26 sudo=27 audio=29 dip=30 www-data=33 backup=34 operator=37 list=38 irc=39 src=40 gnats=41 shadow=42 utmp=43 video=44 sasl=45 plugdev=46 staff=50 games=60 users=100 nogroup=65534',
);

const ENTRY = /^(user|group|mask|other):([^:]*):([r-][w-][x-])(?::(\d{1,10}))?$/;

/** A list in the words of tar's --acls, or the kernel's as Incus writes it there; undefined where names mean nobody known, or the kernel would not take it. */
export function aclOfText(value: Buffer, maxId = NOBODY - 1): Buffer | undefined {
  if (value.length >= 4 && value.readUInt32LE(0) === VERSION) return isAcl(value, maxId) ? value : undefined;
  const entries: (readonly [tag: number, permissions: number, id: number])[] = [];
  for (const line of value.toString('latin1').split(/[\n,]/)) {
    // What is in force under a mask is told behind it.
    const text = line.replace(/#.*$/, '').trim();
    if (text === '') continue;
    const entry = entryOf(text);
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  if (entries.length === 0 || entries.length > MOST_ENTRIES) return undefined;
  // The kernel wants them in its own order.
  entries.sort((a, b) => a[0] - b[0] || a[2] - b[2]);
  const list = Buffer.alloc(4 + 8 * entries.length);
  list.writeUInt32LE(VERSION, 0);
  for (const [index, [tag, permissions, id]] of entries.entries()) {
    list.writeUInt16LE(tag, 4 + 8 * index);
    list.writeUInt16LE(permissions, 6 + 8 * index);
    list.writeUInt32LE(id, 8 + 8 * index);
  }
  return isAcl(list, maxId) ? list : undefined;
}

function entryOf(text: string): readonly [tag: number, permissions: number, id: number] | undefined {
  const [, kind = '', name = '', words = '', number] = ENTRY.exec(text) ?? [];
  const found = Object.hasOwn(tags, kind) ? tags[kind] : undefined;
  if (found === undefined) return undefined;
  const permissions = [...words].reduce((sum, letter, at) => sum + (letter === '-' ? 0 : 4 >> at), 0);
  if (name === '') return [found[0], permissions, NOBODY];
  const digits = number ?? (/^\d{1,10}$/.test(name) ? name : undefined);
  const id = digits === undefined ? (kind === 'user' ? users : groups).get(name) : Number(digits);
  return id === undefined || id > NOBODY ? undefined : [found[1], permissions, id];
}
