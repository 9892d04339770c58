// What kafka-acls does, and the lines it writes.

import { createInterface, type Interface } from 'node:readline/promises';
import type { AclBinding, AclDescription, AclFilter, Admin } from '@moldau/client';
import { type AclTarget, rulesOfOptions, targetsOf } from './acls-rules.ts';
import { entryText, principalOf, resourceText } from './acls-words.ts';
import { type ToolContext, UsageProblem } from './kafka-tool.ts';
import type { ToolOptions } from './tool-options.ts';

type Action = (admin: Admin, options: ToolOptions, context: ToolContext) => Promise<void>;

export const actions: Readonly<Record<'add' | 'remove' | 'list', Action>> = {
  async add(admin, options, context) {
    const pattern = options.get('resource-pattern-type')!.toUpperCase();
    if (pattern === 'ANY' || pattern === 'MATCH') {
      throw new UsageProblem(
        `A '--resource-pattern-type' value of '${pattern}' is not valid when adding acls.`,
      );
    }
    const rules = rulesOfOptions(options);
    if (rules.some(({ entries }) => entries.length === 0)) {
      throw new UsageProblem(
        'You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.',
      );
    }
    for (const { target, entries } of rules) {
      const existing = await admin.acls.list(filterOf(target));
      const there = new Set(existing.map((acl) => entryText(acl)));
      for (const entry of entries) {
        if (there.has(entryText(entry)))
          context.out(`Acl (pattern=${resourceText(target)}, entry=${entryText(entry)}) already exists.`);
      }
      const added = entries.filter((entry) => !there.has(entryText(entry)));
      if (added.length === 0) continue;
      const lines = added.map((entry) => `\t${entryText(entry)}`).join('\n');
      context.out(`Adding ACLs for resource \`${resourceText(target)}\`: \n ${lines}\n`);
      await admin.acls.create(added.map((entry) => ({ ...entry, resource: target }) as AclBinding));
    }
  },

  async remove(admin, options, context) {
    const rules = rulesOfOptions(options);
    using answers = new Answers(context);
    for (const { target, entries } of rules) {
      const lines = entries.map((entry) => `\t${entryText(entry)}`).join('\n');
      const question =
        entries.length === 0
          ? `Are you sure you want to delete all ACLs for resource filter \`${resourceText(target)}\`? (y/n)`
          : `Are you sure you want to remove ACLs: \n ${lines}\n from resource filter \`${resourceText(target)}\`? (y/n)`;
      if (!options.has('force') && !(await answers.isYes(question))) continue;
      const filters = entries.map((entry) => ({ ...entry, ...filterOf(target) }));
      await admin.acls.delete(entries.length === 0 ? [filterOf(target)] : filters);
    }
  },

  async list(admin, options, context) {
    const principals = new Set(options.all('principal').map((text) => principalOf(text)));
    const targets = targetsOf(options);
    const filters = targets.length === 0 ? [{}] : targets.map(filterOf);
    let found: AclDescription[] = [];
    for (const filter of filters) found = found.concat(await admin.acls.list(filter));
    if (principals.size === 0) {
      printRules(context, found);
      return;
    }
    for (const principal of principals) {
      context.out(`ACLs for principal \`${principal}\``);
      printRules(
        context,
        found.filter((acl) => acl.principal === principal),
      );
    }
  },
};

function printRules(context: ToolContext, acls: readonly AclDescription[]): void {
  for (const [target, own] of Map.groupBy(acls, ({ resource }) => resourceText(resource))) {
    const lines = new Set(own.map((acl) => `\t${entryText(acl)}`));
    context.out(`Current ACLs for resource \`${target}\`:\n${[...lines].join('\n')}\n`);
  }
}

function filterOf(target: AclTarget): AclFilter {
  return { resource: target };
}

/** Kafka's tool can only ask at a terminal; here whoever stands before the tool in a pipe may answer too, a line to each question. */
class Answers implements Disposable {
  readonly #context: ToolContext;
  #input: Interface | undefined;
  #lines: AsyncIterator<string> | undefined;

  constructor(context: ToolContext) {
    this.#context = context;
  }

  /** No answer is no. */
  async isYes(question: string): Promise<boolean> {
    this.#context.out(question);
    this.#input ??= createInterface({ input: this.#context.stdin });
    this.#lines ??= this.#input[Symbol.asyncIterator]();
    const { done, value } = await this.#lines.next();
    return done !== true && value.trim().toLowerCase() === 'y';
  }

  [Symbol.dispose](): void {
    this.#input?.close();
  }
}
