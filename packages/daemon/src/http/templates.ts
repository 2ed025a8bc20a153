// Templates over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import { type Engine, EngineError } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** Templates: listed, removed, and made by import, upload and build with progress. */
export const bindTemplates = ({ templates }: Engine): Handlers<Resources['templates']> => ({
  list: () => templates.list(),
  info: ({ params: { template } }) => templates.get(template),
  remove: ({ params: { template } }) => templates.remove(template),
  rename: ({ params: { template }, body: { name } }) => templates.rename(template, name),
  update: ({ params: { template }, body }, watcher) => templates.update(template, { ...body, ...watcher }),
  export: ({ params: { template }, body: { target, ...format } }, watcher) =>
    templates.export(template, target, { ...format, ...watcher }),
  import: ({ params: { template }, body: { source, ...expected } }, watcher) => {
    if (!source.startsWith('/')) throw new EngineError('invalid', `source is no absolute path: ${source}`);
    return templates.import(template, source, { ...expected, ...watcher });
  },
  upload: ({ params: { template }, query: { digest, sizeBytes, image }, body }, watcher) =>
    templates.import(template, body, {
      ...(digest !== undefined && { digest }),
      ...(sizeBytes !== undefined && { sizeBytes }),
      ...(image !== undefined && { image }),
      ...watcher,
    }),
  build: ({ params: { template }, body: { distribution, ...options } }, watcher) => {
    if (distribution !== 'busybox')
      return templates.buildDebian(template, { distribution, ...options, ...watcher });
    const [option] = Object.keys(options);
    if (option !== undefined) throw new EngineError('invalid', `a busybox template takes no ${option}`);
    return templates.buildBusybox(template);
  },
});
