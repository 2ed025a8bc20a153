// Backups by borg: all that restic does, and that what lies in a repository tells which of them keeps it.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { proveBackups } from '../world/backing-up.js';

proveBackups({
  name: 'borg',
  words: ['--tool', 'borg'],
  made: () => undefined,
  locks: (path) => (existsSync(`${path}/lock.exclusive`) ? readdirSync(`${path}/lock.exclusive`).length : 0),
  byHand: (path, passwordFile) =>
    spawn('borg', ['create', `${path}::other`, '-'], {
      env: {
        PATH: '/usr/bin:/bin',
        BORG_PASSCOMMAND: `cat ${passwordFile}`,
        BORG_BASE_DIR: `${path}.by-hand`,
      },
      stdio: ['pipe', 'ignore', 'ignore'],
    }),
});
