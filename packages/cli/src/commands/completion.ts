// The verbs of `moldau completion`: one for each shell.

import type { CommandContext, VerbSpec } from '../command-line/command.ts';

const SHELLS = {
  bash: "echo 'source <(moldau completion bash)' >> ~/.bashrc",
  zsh: "echo 'source <(moldau completion zsh)' >> ~/.zshrc",
  fish: 'moldau completion fish > ~/.config/fish/completions/moldau.fish',
} as const;

export const verbs: readonly VerbSpec[] = Object.entries(SHELLS).map(([shell, install]) => ({
  name: shell,
  summary: `print what makes ${shell} complete commands, options, and names of topics and groups`,
  details: `To have it always:\n  ${install}`,
  needs: 'nothing',
  load: async () => {
    const { scripts } = await import('./completion-scripts.ts');
    return {
      run: ({ output }: CommandContext) => output.write(scripts[shell as keyof typeof SHELLS]),
    };
  },
}));
