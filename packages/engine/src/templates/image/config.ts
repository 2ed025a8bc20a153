// What an image says of the program that it is made for.
// SPDX-License-Identifier: Apache-2.0
import { refuse } from '../archive/errors.js';
import type { Fields } from './json.js';

/** The configuration of an image, in its own words. */
export interface ImageConfig {
  /** Digests of the unpacked layers, the lowest first. */
  readonly diffIds: readonly string[];
  readonly architecture: string;
  /** Entry point and arguments. */
  readonly command: readonly string[];
  readonly environment: readonly string[];
  /** `USER[:GROUP]`, by names or numbers; empty is root. */
  readonly user: string;
  readonly folder: string;
  readonly volumes: readonly string[];
  readonly ports: readonly string[];
  /** By which its program wants to be asked to end, by name or number; empty is SIGTERM. */
  readonly stopSignal: string;
}

/** Lists of templates and documents carry what an image says; no program is started with more. */
const WORDS_BYTES = 128 * 1024;

export function parseConfig(config: Fields): ImageConfig {
  const os = config.textOr('os');
  if (os !== '' && os !== 'linux')
    throw refuse('image', `the image is for ${JSON.stringify(os)}, not for Linux`);
  const rootfs = config.object('rootfs');
  const run = config.object('config');
  const parsed: ImageConfig = {
    diffIds: rootfs.texts('diff_ids'),
    architecture: config.textOr('architecture'),
    command: [...run.texts('Entrypoint'), ...run.texts('Cmd')],
    environment: run.texts('Env'),
    user: run.textOr('User'),
    folder: run.textOr('WorkingDir'),
    volumes: run.object('Volumes').keys,
    ports: run.object('ExposedPorts').keys,
    stopSignal: run.textOr('StopSignal'),
  };
  const { command, environment, user, folder, volumes, ports, architecture } = parsed;
  const words = [...command, ...environment, ...volumes, ...ports, user, folder, architecture];
  if (words.reduce((sum, word) => sum + word.length + 1, 0) > WORDS_BYTES)
    throw refuse('limit', `the image says more than ${WORDS_BYTES} bytes of the program that it starts`);
  return parsed;
}
