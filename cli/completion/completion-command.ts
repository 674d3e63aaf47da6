import { Argument, Command } from 'commander'
import type { CliContext } from '../lib/cli-context.ts'
import { bashScript } from './bash.ts'
import { type CommandNode, describeProgram } from './describe-program.ts'
import { fishScript } from './fish.ts'
import { zshScript } from './zsh.ts'

const SHELLS: Readonly<Record<string, (nodes: readonly CommandNode[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

const DETAILS = `
The script completes commands, options and their fixed values for the program "tidewire": install it with npm link, or
with an alias such as: alias tidewire='npx tidewire'.

Examples:
  $ eval "$(tidewire completion bash)"
  $ tidewire completion zsh > "\${fpath[1]}/_tidewire"
  $ tidewire completion fish > ~/.config/fish/completions/tidewire.fish
`

/** `tidewire completion bash|zsh|fish` */
export function createCompletionCommand({ stdout }: CliContext): Command {
  return new Command('completion')
    .summary('print a script for completion in bash, zsh or fish')
    .description('Prints the script that completes this command line in a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SHELLS)))
    .option('--json', 'print one JSON object: {"shell","script"}')
    .addHelpText('after', DETAILS)
    .action((shell: string, { json }: { readonly json?: true }, command: Command) => {
      const script = SHELLS[shell]?.(describeProgram(command.parent ?? command)) ?? ''
      stdout.write(json ? `${JSON.stringify({ shell, script })}\n` : script)
    })
}
