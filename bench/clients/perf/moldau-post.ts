// @moldau/client, sending by post().

import { openMoldau } from './moldau.ts';
import { perform } from './work.ts';

await perform((work) => openMoldau(work, 'post'));
