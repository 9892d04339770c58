// `moldau complete`, which the scripts of `moldau completion` ask.

import type { VerbSpec } from '../command-line/command.ts';

export const complete: VerbSpec = {
  name: 'complete',
  summary: 'say what the last word of a command line could be',
  arguments: [{ name: 'word', summary: 'words of the command line', isMany: true, isOptional: true }],
  isHidden: true,
  needs: 'nothing',
  load: () => import('./complete.ts'),
};
