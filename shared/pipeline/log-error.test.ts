import { afterEach, expect, test, vi } from 'vitest'
import * as z from 'zod'
import { Refusal } from '#shared/core/refusal.ts'
import { messageOf } from '#shared/core/text/message-of.ts'
import { logError, withoutInput } from './log-error.ts'

afterEach(() => vi.restoreAllMocks())

const SECRET = 'tw_SECRET'
const thrownBy = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}
/** As DynamoDB's client makes it of a condition that is refused. */
const conditionFailed = Object.assign(new Error('The conditional request failed'), {
  name: 'ConditionalCheckFailedException',
  Item: { data: { S: SECRET } },
  $response: { body: SECRET },
})

function logged(error: unknown): string {
  const lines: string[] = []
  vi.spyOn(console, 'error').mockImplementation((line: string) => lines.push(line))
  logError('what was done', error)
  return lines.join('\n')
}

test.each([
  ['the item of a condition', conditionFailed],
  ['what is not JSON', thrownBy(() => JSON.parse(SECRET))],
  ['what is not a number', thrownBy(() => BigInt(SECRET))],
  ['what a schema refuses', thrownBy(() => z.enum([SECRET]).parse('other'))],
  ['what a sender is told', new Refusal('malformed', `The scope "${SECRET}" is none.`)],
  ['a cause', new Error('did not work', { cause: conditionFailed })],
  ['a cause that quotes', new Error('did not work', { cause: thrownBy(() => JSON.parse(SECRET)) })],
  ['what is thrown and no error', SECRET],
])('neither a log nor a runtime is told of %s', (_, error) => {
  expect(logged(error)).not.toContain(SECRET)
  const { message, stack, ...members } = withoutInput(error)
  expect(JSON.stringify([message, stack, members])).not.toContain(SECRET)
})

test('a log line says what was done, and of the error its type, its message, where it was, and its cause', () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })

  const line = JSON.parse(logged(new TypeError('x is not a function', { cause })))

  expect(line).toMatchObject({
    level: 'ERROR',
    message: 'what was done',
    error: {
      type: 'TypeError',
      message: 'x is not a function',
      cause: { type: 'Error', message: 'refused', code: 'ECONNREFUSED' },
    },
  })
  expect(line.error.trace[0]).toContain('log-error.test.ts')
})

test('what a runtime is told has the type, the message and the trace', () => {
  const error = withoutInput(conditionFailed)

  expect(String(error)).toBe('ConditionalCheckFailedException: The conditional request failed')
  expect(messageOf(error)).toBe('The conditional request failed')
  expect(error.stack?.split('\n')[1]).toContain('log-error.test.ts')
})
