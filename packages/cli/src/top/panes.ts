// What `moldau top` can show, one at a time.

export const PANES = ['topics', 'groups', 'clients', 'brokers'] as const;
export type Pane = (typeof PANES)[number];
