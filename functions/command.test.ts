import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Role } from '#shared/core/access/role.ts'
import { getEvent } from '#shared/pipeline/lifecycle/get-event.ts'
import { callHttp, identifyByRole, keyOf } from '#shared/testing/functions/http-calls.ts'
import { makeHttpEvent } from '#shared/testing/functions/lambda-events.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { type CaseWorld, createCaseWorld, publishTo } from '#shared/testing/lifecycle/case-world.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryDeadLetterStore } from '#shared/testing/memory/memory-dead-letter-store.ts'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import { composeCommand, createCommand } from './command.ts'
import { readEnvironment } from './lib/environment.ts'

let world: CaseWorld
let audit: ReturnType<typeof memoryAudit>
let command: ReturnType<typeof createCommand>

beforeEach(async () => {
  world = createCaseWorld()
  audit = memoryAudit()
  command = createCommand(deps())
  await publishTo(world, 'd1')
})

const deps = () => ({
  ...composeCommand(readEnvironment(process.env)),
  identify: identifyByRole,
  ...world,
  audit,
})
const call = (event: ReturnType<typeof makeHttpEvent>) => callHttp(command, event)
const tagOf = async (id: string) => (await getEvent({ id, principal: makePrincipal() }, world)).tag

type Options = { role?: Role; headers?: Readonly<Record<string, string>>; body?: unknown }
function move(name: string, { role = 'operator', headers = {}, body }: Options = {}) {
  const pathParameters = { id: 'd1', move: name }
  const all = { ...keyOf(role), ...headers }
  return call(makeHttpEvent('POST', `/events/d1/${name}`, { headers: all, body, pathParameters }))
}

describe('POST /events/{id}/{move}', () => {
  test('is 202 with the receipt, the state that the move makes, and its entity tag', async () => {
    const { status, headers, body } = await move('assign', { body: { assignee: 'bob' } })

    expect(status).toBe(202)
    const { topic, partition, offset } = world.records.at(-1) ?? {}
    expect(body).toMatchObject({ topic, partition, offset, state: { assignee: 'bob' } })
    expect(headers.etag).toBe(await tagOf('d1'))
  })

  test('is 202 without a state and an entity tag if the views do not have the move in time', async () => {
    world.hold()

    const { status, headers, body } = await move('acknowledge')

    expect(status).toBe(202)
    expect(body).toMatchObject({ topic: 'container-events' })
    expect(body).not.toHaveProperty('state')
    expect(headers).not.toHaveProperty('etag')
  })

  test('is 422 with what to do if it is assigned to nobody who is known', async () => {
    expect(await move('assign', { body: { assignee: 'carl' } })).toMatchObject({
      status: 422,
      body: {
        detail: expect.stringContaining('there is no user "carl". GET /users lists the people'),
        errors: [{ pointer: '/assignee' }],
      },
    })
    expect(await move('assign', { body: { assignee: 'key:operator' } })).toMatchObject({ status: 422 })
    expect(world.records).toHaveLength(1)
  })

  test('is 503 with Retry-After if nobody knows who is known, and nothing is written', async () => {
    const find = async () => {
      throw Object.assign(new Error('too many requests'), { name: 'ThrottlingException' })
    }
    command = createCommand({ ...deps(), people: { find } })

    const { status, headers } = await move('assign', { body: { assignee: 'bob' } })

    expect([status, headers['retry-after']]).toEqual([503, '2'])
    expect(world.records).toHaveLength(1)
    expect((await move('acknowledge')).status).toBe(202)
  })

  test('is 409 with the reason if the state forbids the move', async () => {
    await move('acknowledge')

    expect(await move('acknowledge')).toMatchObject({
      status: 409,
      body: {
        detail: 'This event is already acknowledged by key:operator; only a new event can be acknowledged.',
      },
    })
  })

  test('is 412 if the event has changed since the state that If-Match names', async () => {
    const headers = { 'if-match': await tagOf('d1') }
    expect((await move('acknowledge', { headers })).status).toBe(202)

    expect((await move('start', { headers })).status).toBe(412)
    expect(world.records).toHaveLength(2)
  })

  test('with an Idempotency-Key is made once, and belongs to its event and move', async () => {
    const headers = { 'idempotency-key': '"k1"' }
    const [first, again] = [await move('acknowledge', { headers }), await move('acknowledge', { headers })]

    expect(first.status).toBe(202)
    expect(again).toEqual(first)
    expect(world.records).toHaveLength(2)
    expect((await move('start', { headers })).status).toBe(422)
  })
})

test('without credentials, nothing is moved', async () => {
  const pathParameters = { id: 'd1', move: 'acknowledge' }

  const { status } = await call(makeHttpEvent('POST', '/events/d1/acknowledge', { pathParameters }))

  expect(status).toBe(401)
  expect(world.records).toHaveLength(1)
})

test('DELETE /events/{id} is the move "delete", for admins only', async () => {
  const remove = (role: Role) =>
    call(makeHttpEvent('DELETE', '/events/d1', { headers: keyOf(role), pathParameters: { id: 'd1' } }))

  expect((await remove('operator')).status).toBe(403)
  expect(await remove('admin')).toMatchObject({ status: 202, body: { state: { isDeleted: true } } })
})

describe('the audit trail', () => {
  test('has a move with who made it and its event', async () => {
    await move('acknowledge')

    expect(audit.entries).toMatchObject([
      {
        action: 'event.moved',
        principal: { name: 'key:operator' },
        caller: { address: '203.0.113.7', requestId: 'request-1' },
        target: 'd1',
        details: { move: 'acknowledge', event: expect.any(String) },
      },
    ])
  })

  test('has a deletion, and one that is refused', async () => {
    const remove = (role: Role) =>
      call(makeHttpEvent('DELETE', '/events/d1', { headers: keyOf(role), pathParameters: { id: 'd1' } }))

    await remove('operator')
    await remove('admin')

    expect(audit.entries).toMatchObject([
      { action: 'refused', principal: { name: 'key:operator' }, target: 'DELETE /events/d1' },
      { action: 'event.deleted', principal: { name: 'key:admin' }, target: 'd1' },
    ])
  })
})

describe('POST /events/{id}/erase that takes too long', () => {
  test('is 503 with Retry-After, writes nothing after that, and the same request completes it', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    for (const name of ['acknowledge', 'start']) await move(name, { body: { note: 'seen' } })
    const slow = Promise.withResolvers<void>()
    let appends = 0
    const append: CaseWorld['kafka']['append'] = async (records) => {
      appends += 1
      await slow.promise
      return world.kafka.append(records)
    }
    const own = { ...deps(), deadLetters: memoryDeadLetterStore(), limits: memoryLimits() }
    const erase = (given: object = {}, remainingMs?: number) => {
      const headers = keyOf('admin')
      const event = makeHttpEvent('POST', '/events/d1/erase', {
        headers,
        body: { reason: 'asked' },
        pathParameters: { id: 'd1' },
      })
      return callHttp(createCommand({ ...own, ...given }), event, remainingMs)
    }

    const late = await erase({ kafka: { append } }, 700)
    expect(late).toMatchObject({ status: 503, headers: { 'retry-after': '2' } })
    slow.resolve()
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    // The one that was under way.
    expect(appends).toBeLessThanOrEqual(1)

    const { status, body } = await erase()
    expect(status).toBe(202)
    expect(body.also).not.toEqual([])
    vi.restoreAllMocks()
  })
})
