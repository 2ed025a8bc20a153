// Makes a root of Debian's, Ubuntu's or Devuan's packages with mmdebstrap and hands its archive to the ordinary import.
// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Child } from './archive/child.js';
import { tethered } from './archive/confined.js';
import { refuse, TemplateError } from './archive/errors.js';
import { outputOf } from './archive/output.js';
import { hostMachine } from './image/machines.js';
import { type Imported, type ImportOptions, importArchive, type Places } from './import-archive.js';
import type { Debianlike } from './record.js';

/** What to build; left out, it is the stable minimum that systemd boots from. */
export interface DebianOptions extends Pick<ImportOptions, 'onProgress' | 'signal' | 'limits'> {
  /** Whose packages; left out, Debian's. */
  distribution?: Debianlike;
  /** The distribution's name of the release, such as `bookworm`. */
  suite?: string;
  /** Packages beyond the base. */
  include?: readonly string[];
  /** `http:`, `https:` or `file:` address of an archive; left out, mmdebstrap's own choice for the suite. */
  mirror?: string;
  /** Debian's name of the machine, such as `amd64`; left out, the host's. */
  arch?: string;
}

interface Distribution {
  readonly suite: string;
  readonly init: readonly string[];
  /** Of machines that have none here it is mmdebstrap's own choice. */
  readonly mirrors: Readonly<Record<string, string>>;
  /** Of those whose archive has systems beyond the first component. */
  readonly components?: string;
  /** Who signs the archive, and the package that brings it; left out, apt's own. */
  readonly keyring?: { readonly path: string; readonly package: string };
}

const systemd = ['systemd-sysv', 'dbus'];
const ports = 'http://ports.ubuntu.com/ubuntu-ports';

const distributions: Readonly<Record<Debianlike, Distribution>> = {
  debian: { suite: 'bookworm', init: systemd, mirrors: {} },
  ubuntu: {
    suite: 'noble',
    init: systemd,
    mirrors: { amd64: 'http://archive.ubuntu.com/ubuntu', arm64: ports, riscv64: ports },
    components: 'main,universe',
    keyring: { path: '/usr/share/keyrings/ubuntu-archive-keyring.gpg', package: 'ubuntu-keyring' },
  },
  devuan: {
    suite: 'daedalus',
    init: ['sysvinit-core'],
    mirrors: Object.fromEntries(
      ['amd64', 'arm64', 'armhf', 'i386'].map((machine) => [machine, 'http://deb.devuan.org/merged']),
    ),
    keyring: { path: '/usr/share/keyrings/devuan-archive-keyring.gpg', package: 'devuan-keyring' },
  },
};

/** What a minimal base lacks, beside its init, to boot as a system and to be reached. */
const BASE = ['iproute2', 'iputils-ping', 'netbase', 'procps'];

const patterns = {
  suite: /^[a-z][a-z0-9.-]{0,63}$/,
  package: /^[a-z0-9][a-z0-9+.-]{1,127}$/,
  mirror: /^(?:https?|file):\/\/[!-~]{1,1024}$/,
  arch: /^[a-z0-9][a-z0-9-]{0,31}$/,
} as const;

function checked(what: keyof typeof patterns, text: string): string {
  // mmdebstrap takes much more here: hooks, file names, whole source lines.
  if (patterns[what].test(text) && !text.endsWith('-')) return text;
  throw refuse('source', `${JSON.stringify(text.slice(0, 200))} is no ${what}`);
}

/** What mmdebstrap leaves in the root that is no business of a template's, taken out by lines of shell that get the root as `$1`. */
const leftovers = [
  // Copied from the host. A link, as of systemd-resolved's, is the package's own.
  ...['hostname', 'resolv.conf'].map(
    (name) =>
      `[ -L "$1/etc/${name}" ] || { rm -f "$1/etc/${name}" && install -m 644 /dev/null "$1/etc/${name}"; }`,
  ),
  // That apt reads from the network as root was meant for the build alone.
  'sed -i /^APT::Sandbox::User/d "$1/etc/apt/apt.conf.d/99mmdebstrap"',
  'cd "$1/etc/apt/apt.conf.d" && { [ -s 99mmdebstrap ] || rm 99mmdebstrap; }',
];

/** The command line; ends with the process that started it, whatever its children are doing. */
export function debianArgv(options: DebianOptions): [string, ...string[]] {
  const { init, components, keyring, mirrors, suite } = distributions[options.distribution ?? 'debian'];
  const packages = [...init, ...BASE, ...(options.include ?? [])].map((name) => checked('package', name));
  const argv = ['mmdebstrap', '--mode=root', '--variant=minbase', '--format=tar', '--skip=output/dev'];
  // Its folder is closed to all but root, apt's own user included.
  argv.push('--aptopt=APT::Sandbox::User "root"', `--include=${packages.join(',')}`);
  argv.push(...leftovers.map((line) => `--customize-hook=${line}`));
  if (components !== undefined) argv.push(`--components=${components}`);
  if (keyring !== undefined) argv.push(`--keyring=${keyring.path}`);
  if (options.arch !== undefined) argv.push(`--architectures=${checked('arch', options.arch)}`);
  argv.push(checked('suite', options.suite ?? suite), '-');
  const mirror = options.mirror ?? mirrors[options.arch ?? hostMachine()];
  if (mirror !== undefined) argv.push(checked('mirror', mirror));
  return tethered(argv, '--ipc', '--uts');
}

const PROXIES = ['http_proxy', 'https_proxy', 'no_proxy'];

/** Builds into the root, and leaves what it needed meanwhile in `scratch`. */
export async function buildDebian(places: Places, options: DebianOptions): Promise<Imported> {
  const argv = debianArgv(options);
  const { distribution = 'debian', include, mirror } = options;
  const { keyring, suite: usual } = distributions[distribution];
  if (keyring !== undefined && !existsSync(keyring.path))
    throw new TemplateError(
      'unsupported',
      `the keys of ${distribution}'s archive are not in ${keyring.path}: install its package ${keyring.package} on this host`,
    );
  await mkdir(places.scratch, { mode: 0o700 });
  const env: Record<string, string> = { TMPDIR: places.scratch };
  for (const name of PROXIES) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  const { onProgress, signal } = options;
  await using child = new Child(argv, { signal, env });
  child.onComplaint((text) => {
    const message = /^I: (.*)$/m.exec(text)?.[1];
    if (message && !/tempdir|skipping|hook/.test(message))
      onProgress?.({ phase: 'build', doneBytes: 0, entries: 0, message });
  });
  const archive = outputOf(child, { failed: 'mmdebstrap could not make the root', argv, signal });
  const suite = options.suite ?? usual;
  const label = `mmdebstrap ${suite}`;
  const recipe = {
    distribution,
    suite,
    ...(include && { include }),
    ...(mirror !== undefined && { mirror }),
  };
  // Awaited here: leaving this function ends the child.
  const made = await importArchive(Readable.from(archive, { objectMode: false }), places, {
    ...options,
    label,
  });
  return { ...made, recipe };
}
