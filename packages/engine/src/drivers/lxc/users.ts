// Users of a running container: their passwords and SSH keys, by its own programs and with no more rights than those have.
// SPDX-License-Identifier: Apache-2.0
import type { Run, RunUsers } from '../driver.js';
import { runInside } from './run-inside.js';

/** By chpasswd, which knows the container's ways; where there is none the line of /etc/shadow is replaced. */
const passwordScript = `set -eu
if command -v chpasswd >/dev/null; then exec chpasswd -e; fi
IFS=: read -r user hash
umask 077
new=/etc/shadow.new.$$
trap 'rm -f "$new"' EXIT
cp -p /etc/shadow "$new"
found=
while IFS= read -r line; do
  case $line in "$user":*) line="$user:$hash:\${line#*:*:}"; found=1 ;; esac
  printf '%s\\n' "$line"
done < /etc/shadow > "$new"
if [ -z "$found" ]; then echo "user '$user' does not exist" >&2; exit 1; fi
mv "$new" /etc/shadow
`;

const readScript = 'cd && if [ -e .ssh/authorized_keys ]; then cat .ssh/authorized_keys; fi';

const writeScript = `set -eu
cd
umask 077
mkdir -p .ssh
trap 'rm -f .ssh/authorized_keys.new' EXIT
cat > .ssh/authorized_keys.new
mv .ssh/authorized_keys.new .ssh/authorized_keys
`;

const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/** Those of a run. */
export const usersOf = (run: Pick<Run, 'exec'>): RunUsers => ({
  async setPassword(user, hash) {
    await runInside(run, { script: passwordScript, input: `${user}:${hash}\n` });
  },
  async sshKeys(user) {
    const text = await runInside(run, { script: readScript, user });
    return textOf(text)
      .split('\n')
      .filter((line) => line.trim() !== '');
  },
  async setSshKeys(user, lines) {
    await runInside(run, {
      script: writeScript,
      user,
      input: bytesOf(lines.map((line) => `${line}\n`).join('')),
    });
  },
});
