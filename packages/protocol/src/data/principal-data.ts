// Who sent a request that a broker forwards to the controller, in the envelope.

import { data, type Infer } from '../message.ts';
import { bool, string } from '../schema.ts';

export const defaultPrincipalData = data(
  'DefaultPrincipalData',
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    type: string,
    name: string,
    tokenAuthenticated: bool,
  }),
);
export type DefaultPrincipalData = Infer<typeof defaultPrincipalData>;
