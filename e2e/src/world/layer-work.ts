// What a container may write into its root, and how it looks to itself: for who compares it before and after a way.
// SPDX-License-Identifier: Apache-2.0

/** All that a layer may hold. */
export const layerWork = `
  set -e
  mkdir -p /srv/work && cd /srv/work
  echo hers >hers && chown 1000:100 hers && chmod 4750 hers
  ln hers again && ln -s /etc/group link
  truncate -s 64M hole && echo end >>hole
  mkfifo pipe && mkdir -m 1777 open && touch "open/with a blank" "open/$(printf 'a\\nbreak')"
  rm /etc/passwd
  rm -r /root; mkdir /root; echo new >/root/only
`;
/** All of that, and what lies in other files beside it. */
export const layerTold = (...others: readonly string[]): string =>
  `cd / && find srv/work root etc -exec stat -c '%n %F %a %u %g %h %Y %N' {} + | grep -v 'etc/\\(hosts\\|hostname\\|resolv\\)' | grep -v '^etc[^ ]* directory' | sort; sha256sum srv/work/hers srv/work/hole ${others.join(' ')}; ls /root; stat -c %b srv/work/hole`;
