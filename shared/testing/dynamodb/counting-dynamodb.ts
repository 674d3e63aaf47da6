import type { DocumentClient } from '#shared/adapters/dynamodb/commands.ts'
import { tinyDynamodb } from './tiny-dynamodb.ts'

/** A request to DynamoDB: the command, such as "Put", and the table; of a batch, every table. */
export type CountedCall = { readonly command: string; readonly table: string }

/**
 * A DynamoDB in memory that counts requests and round trips. The responses to all requests that wait for one come
 * together, once nothing else can continue; that is one round trip. So requests that depend on each other are as many
 * round trips, and requests that are sent together are one.
 */
export function countingDynamodb() {
  const { client: tiny } = tinyDynamodb()
  let calls: CountedCall[] = []
  let roundTrips = 0
  let waiting: (() => void)[] = []
  const respond = () => {
    roundTrips++
    const all = waiting
    waiting = []
    for (const one of all) one()
  }
  const send = async (command: { readonly input: object }) => {
    calls.push({ command: command.constructor.name.replace('Command', ''), table: tableOf(command.input) })
    await new Promise<void>((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(respond)
    })
    return tiny.send(command as Parameters<typeof tiny.send>[0])
  }
  return {
    client: { send } as unknown as DocumentClient,
    calls: (): readonly CountedCall[] => calls,
    roundTrips: () => roundTrips,
    reset() {
      calls = []
      roundTrips = 0
    },
  }
}

function tableOf(input: { readonly TableName?: string; readonly RequestItems?: object }): string {
  return input.TableName ?? Object.keys(input.RequestItems ?? {}).join(' ')
}
