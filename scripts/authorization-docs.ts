// Writes docs/authorization.md from the table of permissions: `npx node --conditions=source scripts/authorization-docs.ts`.

import { writeFileSync } from 'node:fs';
import { errorName } from '@moldau/protocol';
import { handlers } from '../packages/broker/src/apis/handlers.ts';
import { AclOperation, nameOf, ResourceType } from '../packages/broker/src/security/authorization/acl.ts';
import { type Permission, permissions } from '../packages/broker/src/security/authorization/permissions.ts';

const target = new URL('../docs/authorization.md', import.meta.url);

const INTRODUCTION = `# Who may do what

<!-- Written by scripts/authorization-docs.ts from packages/broker/src/security/authorization/permissions.ts; change that and run it again. -->

Without an authorizer everybody may do everything. With

\`\`\`properties
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin
\`\`\`

access rules decide, by Kafka's rules: \`kafka-acls\` and every admin client add, list and remove them. A rule allows or denies a principal
(\`User:alice\`, or \`User:*\` for everybody), from a host (an address, or \`*\`), an operation on a resource: one by its name, all whose names begin with a
prefix, or all by \`*\`.

- A rule that denies wins over all that allow. What no rule allows is denied, unless \`allow.everyone.if.no.acl.found\` is true and no rule speaks of the resource.
- \`READ\`, \`WRITE\`, \`DELETE\` and \`ALTER\` imply \`DESCRIBE\`; \`ALTER_CONFIGS\` implies \`DESCRIBE_CONFIGS\`. Only rules that allow imply.
- The principals of \`super.users\` may do everything.
- A topic that may not be described is answered as if nobody knew whether it exists: by name with TOPIC_AUTHORIZATION_FAILED, and left out where all are listed.
- Every denial is a line of the broker's log ("denied by the authorizer"), with principal, host, API, operation and resource: equal ones once a minute, a
  thousand a minute at most. What is allowed is told at the level debug.

What each API asks for. Where a permission is missing, "the request" is refused as a whole, or what it asks of "the resource"; the error stands beside it.
"Left out" means that no error tells of it.

| API | operation | on | when | refused |
|---|---|---|---|---|
`;

const RESOURCES: Readonly<Record<number, string>> = {
  [ResourceType.TOPIC]: 'the topic',
  [ResourceType.GROUP]: 'the group',
  [ResourceType.CLUSTER]: 'the cluster',
  [ResourceType.TRANSACTIONAL_ID]: 'the transactional id',
  [ResourceType.DELEGATION_TOKEN]: 'the delegation token',
  [ResourceType.USER]: 'the user',
};

export function renderAuthorizationPage(): string {
  const rows = handlers
    .toSorted((one, other) => one.apiKey - other.apiKey)
    .flatMap(({ name }) => {
      const api = `${name[0]!.toLowerCase()}${name.slice(1)}`;
      const table: Readonly<Record<string, Permission>> = permissions[api as keyof typeof permissions];
      const entries = Object.values(table);
      if (entries.length === 0) return [`| ${name} | none | | | |`];
      // Two that stand in for each other are one row.
      const isFirst = ({ orElse }: Permission, index: number) =>
        orElse === undefined || Object.keys(table).indexOf(orElse) > index;
      return entries.filter(isFirst).map((permission) => row(name, permission, table));
    });
  return `${INTRODUCTION}${rows.join('\n')}\n`;
}

function row(name: string, permission: Permission, table: Readonly<Record<string, Permission>>): string {
  const { operation, resourceType, denied, refusal, when = '', orElse } = permission;
  const other = orElse === undefined ? undefined : table[orElse];
  const instead = other === undefined ? '' : `, or ${operationOf(other)} on ${RESOURCES[other.resourceType]}`;
  const refused = refusal === 'hidden' ? 'left out' : `the ${refusal}: ${errorName(denied)}`;
  return `| ${name} | ${operationOf({ operation })} | ${RESOURCES[resourceType]}${instead} | ${when} | ${refused} |`;
}

function operationOf({ operation }: Pick<Permission, 'operation'>): string {
  return nameOf(AclOperation, operation);
}

if (import.meta.main) {
  writeFileSync(target, renderAuthorizationPage());
}
