import { randomUUID } from 'node:crypto'
import { userInfo } from 'node:os'
import { functionCaller } from '#shared/adapters/lambda/call-function.ts'
import { messageOf } from '#shared/core/message-of.ts'
import type { AuditRecord } from '#shared/pipeline/audit/audit.ts'
import type { CliContext } from '../lib/cli-context.ts'

/** Which views of which stage were rebuilt. */
type Replayed = {
  readonly stage: string
  readonly dynamodb: string
  readonly domain?: readonly string[]
  readonly topic?: readonly string[]
}

/**
 * Records a replay in the audit trail, by calling the function of the stage that writes it, with the credentials of the
 * environment. A replay acts on Kafka and the tables, so no credential of Tidewire names who ran it: the entry has the
 * user of the machine. Never throws: it says on stderr what could not be recorded.
 */
export async function recordReplay(
  { stage, dynamodb, domain = [], topic = [] }: Replayed,
  { env, stderr }: CliContext,
): Promise<void> {
  const local = `http://127.0.0.1:${env.LAMBDA_PORT || 3002}`
  const endpoint = env.LAMBDA_ENDPOINT || (dynamodb === 'aws' ? undefined : local)
  const record: AuditRecord = {
    id: randomUUID(),
    time: new Date().toISOString(),
    action: 'views.rebuilt',
    caller: {},
    target: [...domain, ...topic].join(', ') || 'every view',
    details: { by: userOfMachine(), stage },
  }
  try {
    await functionCaller(`tidewire-${stage}-audit`, env, endpoint)(record)
  } catch (error) {
    stderr.write(`the replay is not in the audit trail: ${messageOf(error)}\n`)
  }
}

function userOfMachine(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown' // a container may have a user without a name
  }
}
