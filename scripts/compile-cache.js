// Loaded before each test file (`npm test`): keeps compiled code from one to the next, which saves a third of their time.

import { setUpRuntime } from '../packages/cli/bin/set-up-runtime.js';

setUpRuntime();
