import { Command } from 'commander'
import type { CliContext } from '../lib/cli-context.ts'
import { CliError, failureOf, usageError } from '../lib/cli-error.ts'
import { cannotReach } from '../lib/failures.ts'
import { type ReplayChoice, replayViews } from './replay-views.ts'

const DETAILS = `
A view is a fold over the log, so it can be rebuilt. For each stream (a partition of a topic) this sets a mark, deletes
what the views keep of it, folds Kafka from the first record to the position of the fold function, and removes the
mark. The fold function waits while a stream is marked and folds later records afterwards, so events may be written at
any time. Nothing is emitted twice. After an interruption, run the command again.

It talks to Kafka and DynamoDB directly, with the credentials of the environment: run it where they can be reached.
RETENTION, UNKNOWN_TYPES, RECORD_SECRETS and RECORDS_SIGNED_SINCE must be those of the stack.

Examples:
  $ tidewire replay --views
  $ tidewire replay --views --domain market
  $ tidewire replay --views --topic sensor-readings --topic sensor-alerts
  $ KAFKA_BROKERS=b-1.example:9092 tidewire replay --views --stage prod --dynamodb aws
`

export type ReplayOptions = ReplayChoice & {
  readonly views?: true
  readonly brokers: string
  readonly dynamodb: string
  readonly stage: string
}

/** `tidewire replay --views` */
export function createReplayCommand(context: CliContext): Command {
  const { env } = context
  return new Command('replay')
    .summary('rebuild the views from Kafka')
    .description('Rebuilds the views of the domains from the first record in Kafka.')
    .option('--views', 'rebuild the views: the only replay so far')
    .option('--domain <name>', 'only the topics that the views of this domain fold; repeatable', collect)
    .option('--topic <name>', 'only this topic; repeatable', collect)
    .option('--accept-loss', 'continue although Kafka no longer has the first records of a partition')
    .option('--stage <stage>', 'the stage of the tables', 'local')
    .option('--brokers <list>', 'addresses of Kafka; KAFKA_BROKERS', brokersOf(env))
    .option('--dynamodb <url>', 'address of DynamoDB, or aws; DYNAMODB_ENDPOINT', dynamodbOf(env))
    .addHelpText('after', DETAILS)
    .action((options: ReplayOptions) => replay(options, context))
}

async function replay(options: ReplayOptions, context: CliContext): Promise<void> {
  if (!options.views) throw usageError('give what to replay: --views is the only replay so far')
  // The clients of Kafka and DynamoDB take half a second to load, and the other commands do not need them.
  const { openReplay } = await import('./open-replay.ts')
  const { recordReplay } = await import('./record-replay.ts')
  await replayViews(options, openReplay(options, context.env), context).catch((cause: unknown) => {
    throw explain(cause, options)
  })
  await recordReplay(options, context)
}

/** The errors of the clients of Kafka and DynamoDB do not say what to do. */
function explain(cause: unknown, { brokers, dynamodb, stage }: ReplayOptions): unknown {
  const name = cause instanceof Error ? cause.name : ''
  if (name.startsWith('KafkaJS')) return cannotReach(`Kafka at ${brokers}`, cause)
  if (name === 'ResourceNotFoundException')
    return new CliError(`there are no tables of the stage ${stage} at ${dynamodb}; see --stage`, { cause })
  return failureOf(cause).code === 'ECONNREFUSED' ? cannotReach(`DynamoDB at ${dynamodb}`, cause) : cause
}

function collect(name: string, names: readonly string[] = []): readonly string[] {
  return [...names, name]
}

function brokersOf(env: CliContext['env']): string {
  return env.KAFKA_BROKERS || `127.0.0.1:${env.KAFKA_PORT || 9092}`
}

function dynamodbOf(env: CliContext['env']): string {
  return env.DYNAMODB_ENDPOINT || `http://127.0.0.1:${env.DYNAMODB_PORT || 8000}`
}
