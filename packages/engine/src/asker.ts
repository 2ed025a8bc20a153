// Who asks for what is being done, for whoever looks at it later.
// SPDX-License-Identifier: Apache-2.0
import { AsyncLocalStorage } from 'node:async_hooks';

type Who = () => string | undefined;

const asked = new AsyncLocalStorage<Who>();

/** Runs an operation that somebody asks for; who that is, in words, is looked up where it is to be kept. */
export const onBehalfOf = <T>(who: Who, operation: () => T): T => asked.run(who, operation);

/** Who asks for what is going on here; undefined where that is not known. */
export const asker = (): string | undefined => asked.getStore()?.();
