import { Command } from 'commander'
import type { CliContext } from '../lib/cli-context.ts'
import { EXIT_CODES } from '../lib/cli-error.ts'
import { readConnection } from '../lib/connection.ts'
import { printable } from '../lib/printable.ts'
import { paint, type Style } from '../lib/show-table.ts'
import { examineStack } from './examine-stack.ts'
import type { Finding } from './finding.ts'

const DETAILS = `
Checks the configuration, the stack over HTTP and a WebSocket, the versions, the clock of this machine, the credentials,
and, as far as these may ask, Kafka, the consumers, the dead letters and the traffic. What to do follows each "->".
The exit code is 1 if a check fails; a warning does not fail.

Examples:
  $ tidewire doctor
  $ tidewire doctor --profile prod
  $ tidewire doctor --json | jq '.checks[] | select(.status != "ok")'
`

const STYLES: Readonly<Record<Finding['status'], Style>> = {
  ok: 'green',
  warn: 'yellow',
  fail: ['bold', 'red'],
  skipped: 'gray',
}
const STATUS_WIDTH = 'skipped'.length
const CHECK_WIDTH = 'configuration'.length

/** `tidewire doctor` */
export function createDoctorCommand(context: CliContext): Command {
  return new Command('doctor')
    .summary('check the configuration and the stack, and say what to do')
    .description('Checks the configuration and the stack, and says what to do about what is wrong.')
    .option('--json', 'print one JSON object: {"ok","checks":[{"check","status","detail","advice"?}]}')
    .addHelpText('after', DETAILS)
    .action(async ({ json }: { readonly json?: true }, command: Command) => {
      const checks: Finding[] = []
      for await (const found of examineStack(readConnection(command, context), context)) {
        checks.push(found)
        if (!json) print(found, context)
      }
      const ok = checks.every(({ status }) => status !== 'fail')
      if (json) context.stdout.write(`${JSON.stringify({ ok, checks })}\n`)
      if (!ok) context.setExitCode(EXIT_CODES.failed)
    })
}

function print({ check, status, detail, advice }: Finding, context: CliContext): void {
  const shown = paint(status.padEnd(STATUS_WIDTH), STYLES[status], context)
  context.stdout.write(`${shown}  ${check.padEnd(CHECK_WIDTH)}  ${printable(detail)}\n`)
  const indent = ' '.repeat(STATUS_WIDTH + CHECK_WIDTH + 4)
  if (advice !== undefined) context.stdout.write(`${indent}-> ${printable(advice)}\n`)
}
