// Users of a running container: their passwords and SSH keys, by its own programs and with no more rights than those have.
// SPDX-License-Identifier: Apache-2.0
import type { Run, RunUsers } from '../driver.js';
import { runInside } from './run-inside.js';

/** By chpasswd, which knows the container's ways; where there is none the lists are changed as `withPassword` does. */
const passwordScript = `set -eu
if command -v chpasswd >/dev/null; then exec chpasswd -e; fi
IFS=: read -r user hash
umask 077
new=
trap 'rm -f "$new"' EXIT
day=$(($(date +%s) / 86400))
missing() { echo "user '$user' does not exist" >&2; exit 1; }
known() { while IFS=: read -r name rest || [ -n "$name" ]; do [ "$name" != "$user" ] || return 0; done < /etc/passwd; return 1; }
# Puts $3 behind the user's name in list $1, in the place of as many fields as $2 has signs; without such a line there is $4, if that is given.
change() {
  found= new=$1.new.$$
  cp -p "$1" "$new" || exit 1
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in "$user":*) found=1; line=\${line#*:}; fields=$2
      while [ -n "$fields" ]; do line=\${line#*:}; fields=\${fields#?}; done
      line="$user:$3:$line" ;;
    esac
    printf '%s\\n' "$line" || exit 1
  done < "$1" > "$new"
  if [ -z "$found" ] && [ -z "\${4-}" ]; then rm "$new"; return 1; fi
  if [ -z "$found" ]; then printf '%s\\n' "$4" >> "$new" || exit 1; fi
  mv "$new" "$1" || exit 1
}
if [ -e /etc/shadow ]; then
  line=
  if known; then line="$user:$hash:$day:0:99999:7:::"; fi
  change /etc/shadow 12 "$hash:$day" "$line" || missing
  change /etc/passwd 1 x || :
else change /etc/passwd 1 "$hash" || missing; fi
`;

const readScript = 'cd && if [ -e .ssh/authorized_keys ]; then cat .ssh/authorized_keys; fi';

const writeScript = `set -eu
cd
umask 077
mkdir -p .ssh
trap 'rm -f .ssh/authorized_keys.new' EXIT
cat > .ssh/authorized_keys.new
# Of a daemon that is killed comes a part, or nothing.
[ $(wc -c < .ssh/authorized_keys.new) -eq "$1" ]
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
    const input = bytesOf(lines.map((line) => `${line}\n`).join(''));
    await runInside(run, { script: writeScript, words: [String(input.length)], user, input });
  },
});
