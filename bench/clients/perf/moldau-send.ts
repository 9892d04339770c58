// @moldau/client, sending by send(), with a promise for each record.

import { openMoldau } from './moldau.ts';
import { perform } from './work.ts';

await perform((work) => openMoldau(work, 'send'));
