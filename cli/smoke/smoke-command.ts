import { Command, Option } from 'commander'
import type { CliContext } from '../lib/cli-context.ts'
import { EXIT_CODES, usageError } from '../lib/cli-error.ts'
import { type Connection, isLoopback, readConnection, readHttpAddress } from '../lib/connection.ts'
import { parseCount } from '../lib/parse-number.ts'
import { printable } from '../lib/printable.ts'
import { paint, type Style } from '../lib/show-table.ts'
import { findPage, type Page, readPage } from '../page/find-page.ts'
import { signInAs } from '../page/sign-in.ts'
import { runSmoke, type SmokeTarget } from './smoke-steps.ts'
import { createSteps, type StepResult } from './step.ts'

const DETAILS = `
Uses every function of a stack once: writes an event, follows it to a socket, a view and the audit trail, moves it, has
it replayed, and removes it. Each line is a function, what it did, and how long that took. The exit code is 1 if a step
fails; what to do follows "->".

It takes the role admin: an API key, or a user with --user and --password (TIDEWIRE_PASSWORD). With the address of the
web page as --url it knows where users sign in, which the step of a refused sign-in needs.

Examples:
  $ tidewire smoke
  $ tidewire smoke --url https://d111111abcdef8.cloudfront.net --key tw_...
  $ TIDEWIRE_PASSWORD=... tidewire smoke --url https://d111111abcdef8.cloudfront.net --user ada@example.com
`

const STYLES: Readonly<Record<StepResult['status'], Style>> = {
  ok: 'green',
  fail: ['bold', 'red'],
  skipped: 'gray',
}
const STATUS_WIDTH = 'skipped'.length
const STEP_WIDTH = 'replay-records'.length
const MS_WIDTH = 8
const PATIENCE_SECONDS = 30
/** CloudTrail tells EventBridge within minutes. */
const TELLING_MS = 300_000
/** A copy is made once a minute. */
const COPYING_MS = 75_000
/** The sender of webhooks that every local stack has. */
const LOCAL_WEBHOOK = { name: 'standard-webhooks', secret: 'local-secret-standard-webhooks' }

type Options = {
  readonly url?: string
  readonly user?: string
  readonly password?: string
  readonly webhook?: string
  readonly patience: number
  readonly json?: true
}

/** `tidewire smoke` */
export function createSmokeCommand(context: CliContext): Command {
  return new Command('smoke')
    .summary('use every function of a stack once')
    .description('Uses every function of a stack once, and says which one fails and what to do.')
    .option('--user <name>', 'sign in as this user instead of using a key')
    .option('--password <password>', 'the password of the user; better: TIDEWIRE_PASSWORD')
    .option('--webhook <source=secret>', 'a sender with the scheme Standard Webhooks, to write with')
    .addOption(
      new Option('--patience <seconds>', 'how long a step waits for what comes late')
        .default(PATIENCE_SECONDS)
        .argParser(parseCount),
    )
    .option(
      '--json',
      'print one JSON object: {"ok","steps":[{"step","does","status","ms","detail"?,"advice"?}]}',
    )
    .addHelpText('after', DETAILS)
    .action(async (options: Options, command: Command) => {
      const target = await readTarget(command.optsWithGlobals<Options>(), command, context)
      const done: StepResult[] = []
      const steps = createSteps({
        ...context,
        patienceMs: options.patience * 1000,
        report: (result) => {
          done.push(result)
          if (!options.json) print(result, context)
        },
        adviceFor: (name) => adviceFor(name, target),
      })
      await runSmoke(target, steps)
      const ok = done.every(({ status }) => status !== 'fail')
      if (options.json) context.stdout.write(`${JSON.stringify({ ok, steps: done })}\n`)
      if (!ok) context.setExitCode(EXIT_CODES.failed)
    })
}

/** The stack of the options, whose address may be that of its page. */
async function readTarget(options: Options, command: Command, context: CliContext): Promise<SmokeTarget> {
  const given = options.url === undefined ? null : readHttpAddress(options.url, '--url')
  const opened = given === null ? null : await readPage(given)
  const password = options.password ?? context.env.TIDEWIRE_PASSWORD
  const user = options.user === undefined ? null : { name: options.user, password: password ?? '' }
  if (user?.password === '') throw usageError('--user needs the password: TIDEWIRE_PASSWORD, or --password')
  if (user !== null && opened?.identity === undefined)
    throw usageError('--user needs the address of the web page as --url: it says where users sign in')
  if (user !== null && opened?.identity) {
    const token = await signInAs(opened.identity, user.name, user.password)
    command.setOptionValueWithSource('token', token, 'cli')
  }
  const connection = readConnection(command, context)
  const stack: Connection = opened === null ? connection : { ...connection, url: opened.httpUrl }
  const page = opened ?? (await findPage(stack))
  const isLocal = isLoopback(stack.url)
  return {
    connection: stack,
    page,
    user: user ?? demoUser(page),
    webhook: readWebhook(options.webhook) ?? (isLocal ? LOCAL_WEBHOOK : null),
    copyingMs: Math.max(options.patience * 1000, COPYING_MS),
    tellingMs: isLocal ? options.patience * 1000 : TELLING_MS,
  }
}

/** The administrator of a local stack. */
function demoUser(page: Page | null): SmokeTarget['user'] {
  const { emails = [], password = '' } = page?.demoUsers ?? {}
  const name = emails.find((email) => email.startsWith('admin@'))
  return name === undefined ? null : { name, password }
}

function readWebhook(text: string | undefined): SmokeTarget['webhook'] {
  if (text === undefined) return null
  const [name = '', ...rest] = text.split('=')
  const secret = rest.join('=')
  if (name === '' || secret === '') throw usageError('--webhook takes a source and its secret: acme=whsec_…')
  return { name, secret }
}

/** Steps that concern more than one function are named by what they are about. */
function adviceFor(name: string, { connection, page }: SmokeTarget): string {
  const read = name === 'cleanup' ? 'command' : name
  if (isLoopback(connection.url)) return `see what npm start prints about the function ${read}`
  const [, stage = '<stage>'] = /^wss:\/\/[^/]+\/([\w-]+)/.exec(page?.socketUrl ?? '') ?? []
  return `read its log: aws logs tail /aws/lambda/tidewire-${stage}-${read} --since 10m`
}

function print({ step, does, status, detail, advice, ms }: StepResult, context: CliContext): void {
  const shown = paint(status.padEnd(STATUS_WIDTH), STYLES[status], context)
  const time = (status === 'skipped' ? '' : `${ms} ms`).padStart(MS_WIDTH)
  context.stdout.write(`${shown}  ${step.padEnd(STEP_WIDTH)} ${time}  ${printable(does)}\n`)
  const indent = ' '.repeat(STATUS_WIDTH + STEP_WIDTH + MS_WIDTH + 5)
  if (detail !== undefined) context.stdout.write(`${indent}${printable(detail)}\n`)
  if (advice !== undefined) context.stdout.write(`${indent}-> ${printable(advice)}\n`)
}
