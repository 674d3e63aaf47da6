import { Command } from 'commander'
import { VERSION } from '#shared/core/version.ts'
import { createArchiveCommand } from './archive/archive-command.ts'
import { createAuditCommand } from './audit/audit-command.ts'
import { createCompletionCommand } from './completion/completion-command.ts'
import { createConnectionsCommand } from './connections/connections-command.ts'
import { createCostCommand } from './cost/cost-command.ts'
import { createDeadLettersCommand } from './dead-letters/dead-letters-command.ts'
import { createDoctorCommand } from './doctor/doctor-command.ts'
import { createEraseCommand } from './erase/erase-command.ts'
import { createKeysCommand } from './keys/keys-command.ts'
import type { CliContext } from './lib/cli-context.ts'
import { addConnectionOptions } from './lib/connection.ts'
import { createProfileCommand } from './profile/profile-command.ts'
import { createPublishCommand } from './publish/publish-command.ts'
import { createReplayCommand } from './replay/replay-command.ts'
import { createSecretsCommand } from './secrets/secrets-command.ts'
import { createSimulateCommand } from './simulate/simulate-command.ts'
import { createSmokeCommand } from './smoke/smoke-command.ts'
import { createTailCommand } from './tail/tail-command.ts'
import { createTokenCommand } from './token/token-command.ts'
import { createTopicsCommand } from './topics/topics-command.ts'
import { createUsersCommand } from './users/users-command.ts'

/** All commands. To add one, write a function that creates it from the context, and list it here. */
const COMMANDS: readonly ((context: CliContext) => Command)[] = [
  createPublishCommand,
  createTailCommand,
  createSimulateCommand,
  createReplayCommand,
  createArchiveCommand,
  createDeadLettersCommand,
  createEraseCommand,
  createTopicsCommand,
  createAuditCommand,
  createKeysCommand,
  createTokenCommand,
  createUsersCommand,
  createSecretsCommand,
  createConnectionsCommand,
  createDoctorCommand,
  createSmokeCommand,
  createCostCommand,
  createProfileCommand,
  createCompletionCommand,
]

const EPILOGUE = `
Examples:
  $ tidewire doctor
  $ tidewire publish events.ndjson
  $ tidewire publish prices.csv --type market.tick --subject '{symbol}'
  $ tidewire tail 'port.**' --filter severity=critical,high
  $ tidewire simulate sensors --rate 10x
  $ tidewire replay --views
  $ tidewire audit --outcome refused --follow
  $ tidewire keys create shop --role publisher

Which stack, and with which credentials: the options above, else the environment, else the current profile, else the
local stack. --json prints one JSON object, or one on each line for lists and streams; anything else goes to stderr.
Exit codes: 0 success, 1 failed or partly refused, 2 wrong usage, 3 the stack is not reachable, 4 the credentials were
refused or may not do it, 130 interrupted before the end. TIDEWIRE_DEBUG=1 prints stack traces, NO_COLOR=1 no colours.
`

/** Returns the program with all its commands, which act in a context. */
export function createProgram(context: CliContext): Command {
  const program = new Command('tidewire')
    .description('Publishes events to a Tidewire stack, follows them live, and operates the stack.')
    .version(VERSION, '-V, --version', 'print the version')
    .addHelpText('after', EPILOGUE)
  addConnectionOptions(program, context.env)
  for (const create of COMMANDS) program.addCommand(create(context))
  const commands = [program, ...program.commands, ...program.commands.flatMap((command) => command.commands)]
  for (const command of commands) {
    command
      .exitOverride()
      .showHelpAfterError(`(see: ${pathOf(command)} --help)`)
      .configureHelp({ showGlobalOptions: true })
      .configureOutput({
        writeOut: (text) => context.stdout.write(text),
        writeErr: (text) => context.stderr.write(text),
        getOutHelpWidth: () => context.stdout.columns ?? 100,
        getErrHelpWidth: () => context.stderr.columns ?? 100,
      })
  }
  return program
}

/** How a command is called, such as `tidewire keys create`. */
function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
}
