import { beforeEach, describe, expect, test } from 'vitest'
import type { Principal } from '#shared/core/access/principal.ts'
import type { Refusal } from '#shared/core/refusal.ts'
import type { Case } from '#shared/domain/port/case.ts'
import { keyRequest } from '#shared/pipeline/accept/idempotency-key.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { type CaseWorld, createCaseWorld, publishTo } from '#shared/testing/lifecycle/case-world.ts'
import { forgetAll } from '#shared/testing/views/forget-all.ts'
import { entityTag } from './entity-tag.ts'
import { getEvent } from './get-event.ts'
import { type MoveCommand, moveEvent } from './move-event.ts'

const anna: Principal = makePrincipal({ name: 'anna', role: 'operator' })
const bob: Principal = makePrincipal({ name: 'bob', role: 'operator' })
const eve: Principal = makePrincipal({ name: 'eve', role: 'viewer' })
let world: CaseWorld

beforeEach(() => {
  world = createCaseWorld()
})

const publish = (id: string, given: object = {}) => publishTo(world, id, given)
const move = (id: string, name: string, principal: Principal, more: Partial<MoveCommand> = {}) =>
  moveEvent({ id, move: name, principal, body: {}, ...more }, world)
const refusalOf = (work: Promise<unknown>): Promise<Refusal> =>
  work.then(
    () => expect.fail('it was not refused'),
    (error: Refusal) => error,
  )
const stateOf = async (id: string) => (await getEvent({ id, principal: eve }, world)).body.state as Case

describe('a move', () => {
  test('is an event in the partition of the event that it changes, and returns the state after it', async () => {
    const event = await publish('d1')

    const { receipt, state } = await move('d1', 'acknowledge', anna)

    expect(receipt).toMatchObject({ topic: 'container-events', partition: event?.partition })
    expect(state?.state).toMatchObject({ status: 'acknowledged', statusBy: 'anna' })
    const written = JSON.parse(Buffer.from(world.records.at(-1)?.value ?? []).toString())
    expect(written).toMatchObject({
      type: 'port.lifecycle.acknowledged',
      category: 'port.container.lifecycle',
      subject: 'd1',
      subjectsource: 'urn:tidewire:api',
      id: receipt.id,
      partitionkey: 'MSKU-1',
      data: { by: 'anna', from: 'new', to: 'acknowledged' },
    })
  })

  test.each([
    ['the same partition', 'MSKU-1'],
    ['another partition', 'MSKU-2'],
  ])(
    'changes the event of its source, whatever came before it with the same id in %s',
    async (_, subject) => {
      await publish('twin', { source: '/eve', subject })
      await publish('twin', { source: '/vic' })
      const statusOf = async (source: string) => {
        const { state } = (await getEvent({ id: 'twin', source, principal: eve }, world)).body
        return [(state as Case).source, (state as Case).status]
      }

      await move('twin', 'acknowledge', anna, { source: '/eve' })
      expect([await statusOf('/eve'), await statusOf('/vic')]).toEqual([
        ['/eve', 'acknowledged'],
        ['/vic', 'new'],
      ])
      await move('twin', 'acknowledge', anna, { source: '/vic' })
      await move('twin', 'start', anna, { source: '/vic' })
      expect([await statusOf('/eve'), await statusOf('/vic')]).toEqual([
        ['/eve', 'acknowledged'],
        ['/vic', 'in-progress'],
      ])
    },
  )

  test('goes on where an earlier version left a case, which it kept under the id of the event', async () => {
    await publish('d1')
    const found = await getEvent({ id: 'd1', principal: eve }, world)
    const { topic, partition } = found.body
    const place = { view: 'port/cases', topic, partition }
    const [part] = await world.viewStore.load([{ ...place, key: 'd1@urn:tidewire:api' }])
    if (!part) throw new Error('there is no case')
    const former = { ...part, key: 'd1', state: { ...(part.state as Case), status: 'acknowledged' } }
    const stream = { topic, partition, epoch: part.epoch }
    await world.viewStore.beginRebuild(stream)
    await forgetAll(world.viewStore, topic, [partition])
    await world.viewStore.save([former])
    await world.viewStore.advance(stream, part.offset, { isRebuilder: true })
    await world.viewStore.endRebuild(stream)
    expect((await stateOf('d1')).status).toBe('acknowledged')

    await move('d1', 'start', anna)

    expect((await stateOf('d1')).status).toBe('in-progress')
  })

  test('is in the partition of its event, even if that does not follow from a key', async () => {
    const value = Buffer.from(
      JSON.stringify({
        specversion: '1.0',
        id: 'odd',
        source: '/x',
        type: 'port.ship.arrived',
        category: 'port.ship',
      }),
    )
    const headers = { 'content-type': 'application/cloudevents+json' }
    await world.kafka.append([{ topic: 'port-events', partition: 2, key: 'a', value, headers }])

    expect((await move('odd', 'acknowledge', anna)).receipt.partition).toBe(2)
    expect((await stateOf('odd')).status).toBe('acknowledged')
  })

  test('is refused with the reason if the state forbids it, and nothing is written', async () => {
    await publish('d1')
    await move('d1', 'acknowledge', anna)
    const before = world.records.length

    const again = await refusalOf(move('d1', 'acknowledge', bob))
    const tooEarly = await refusalOf(move('d1', 'close', bob))

    expect([again.code, again.message]).toEqual([
      'conflict',
      'This event is already acknowledged by anna; only a new event can be acknowledged.',
    ])
    expect(tooEarly.message).toBe(
      'This event is already acknowledged by anna; only a resolved event can be closed.',
    )
    expect(world.records).toHaveLength(before)
  })

  test('of two concurrent moves the first in the log is applied, and the other one is refused', async () => {
    await publish('d1')
    world.hold()
    const clock = { ...world.clock, sleep: async () => world.records.length > 2 && world.catchUp() }
    const acknowledge = (principal: Principal) =>
      moveEvent({ id: 'd1', move: 'acknowledge', principal, body: {} }, { ...world, clock })

    const answers = await Promise.allSettled([acknowledge(anna), acknowledge(bob)])

    const refused = answers.filter((answer) => answer.status === 'rejected')
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(refused[0]?.reason).toMatchObject({ code: 'conflict' })
    const { history } = await stateOf('d1')
    expect(history.map((entry) => entry.refused === undefined)).toEqual([true, false])
  })

  test('is not checked against a state that a rebuild has deleted or has not folded again yet', async () => {
    const { topic = '', partition = 0 } = (await publish('d1')) ?? {}
    await move('d1', 'acknowledge', anna)
    const stream = { topic, partition, epoch: (await world.store.topic(topic)).epoch }
    await world.viewStore.beginRebuild(stream)

    const meanwhile = await refusalOf(move('d1', 'acknowledge', bob))

    expect([meanwhile.code, meanwhile.retryAfterSeconds]).toEqual(['unavailable', expect.any(Number)])
  })

  test('requires the role that the policy names', async () => {
    await publish('d1')
    const viewer = await refusalOf(move('d1', 'acknowledge', eve))
    const operator = await refusalOf(move('d1', 'delete', anna))

    expect([viewer.code, operator.code]).toEqual(['forbidden', 'forbidden'])
    expect(operator.message).toBe(
      'The role operator may not do "move.port.delete": that takes the role admin.',
    )
    expect((await move('d1', 'read', eve)).state?.state).toMatchObject({ readBy: ['eve'] })
  })

  test('is refused as invalid if its body is invalid', async () => {
    await publish('d1')
    const refusals = [{}, { assignee: 7 }, { assignee: 'x'.repeat(200) }, { assignee: 'a', when: 'now' }].map(
      async (body) => (await refusalOf(move('d1', 'assign', anna, { body }))).code,
    )
    expect(await Promise.all(refusals)).toEqual(Array.from({ length: 4 }, () => 'invalid_event'))
    expect((await move('d1', 'assign', anna, { body: { assignee: 'bob' } })).state?.state).toMatchObject({
      assignee: 'bob',
    })
  })

  test('that names people is refused if they are unknown, and nothing is written', async () => {
    await publish('d1')

    const refusal = await refusalOf(move('d1', 'assign', anna, { body: { assignee: 'carl' } }))

    expect([refusal.code, refusal.faults[0]?.pointer]).toEqual(['invalid_event', '/assignee'])
    expect(world.records).toHaveLength(1)
    await move('d1', 'assign', anna, { body: { assignee: 'bob' } })
    expect((await move('d1', 'assign', anna, { body: { assignee: null } })).state?.state).toMatchObject({
      assignee: null,
    })
  })

  test('with If-Match is refused once the state has changed', async () => {
    await publish('d1')
    const { tag } = await getEvent({ id: 'd1', principal: eve }, world)
    const { state } = await move('d1', 'acknowledge', anna, { ifMatch: tag })

    const late = await refusalOf(move('d1', 'start', anna, { ifMatch: tag }))

    expect(late.code).toBe('precondition_failed')
    const now = state ? entityTag(state) : ''
    expect((await move('d1', 'start', anna, { ifMatch: `"other", ${now}` })).state?.state).toMatchObject({
      status: 'in-progress',
    })
  })

  test('with the same Idempotency-Key is made once, and gets the same response', async () => {
    await publish('d1')
    const keyed = (target: string) =>
      keyRequest('anna', 'k1', { headers: {}, body: new Uint8Array() }, target)
    const first = await move('d1', 'acknowledge', anna, { keyed: keyed('acknowledge d1') })
    const before = world.records.length

    const again = await move('d1', 'acknowledge', anna, { keyed: keyed('acknowledge d1') })
    const other = await refusalOf(move('d1', 'start', anna, { keyed: keyed('start d1') }))

    expect(again).toEqual(first)
    expect(other.code).toBe('idempotency_key_reused')
    expect(world.records).toHaveLength(before)
  })

  test('waits for an event that was just accepted', async () => {
    world.hold()
    await publish('d1')
    const { sleep } = world.clock
    let naps = 0
    const clock = {
      ...world.clock,
      sleep: async (ms: number) => (++naps === 3 ? world.catchUp() : sleep(ms)),
    }
    const moved = moveEvent({ id: 'd1', move: 'acknowledge', principal: anna, body: {} }, { ...world, clock })
    expect((await moved).state?.state).toMatchObject({ status: 'acknowledged' })
  })

  test('returns without the state if the fold does not reach it before the timeout', async () => {
    await publish('d1')
    world.hold()
    expect((await move('d1', 'acknowledge', anna)).state).toBeNull()
  })

  test('never refuses an event as unknown that is accepted and not stored yet', async () => {
    world.hold()
    await publish('d1')
    const [notYet, unasked] = [
      await refusalOf(move('d1', 'acknowledge', anna)),
      await refusalOf(
        moveEvent(
          { id: 'd1', move: 'acknowledge', principal: anna, body: {} },
          { ...world, reader: { held: () => Promise.reject(new Error('no broker')) } },
        ),
      ),
    ]
    for (const { code, retryAfterSeconds } of [notYet, unasked])
      expect([code, retryAfterSeconds]).toEqual(['unavailable', expect.any(Number)])

    await world.catchUp()
    expect((await move('d1', 'acknowledge', anna)).state?.state).toMatchObject({ status: 'acknowledged' })
  })

  test('refuses an unknown event at once if everything that was accepted is stored', async () => {
    await publish('d1')
    const before = world.clock.now()
    const refusal = await refusalOf(move('nobody', 'acknowledge', anna))
    expect([refusal.code, world.clock.now() - before]).toEqual(['not_found', 0])
  })

  test('refuses what does not exist', async () => {
    await publish('d1')
    await publish('m1', { type: 'market.tick', category: 'market.tick', data: { price: 1 } })
    const refusals = await Promise.all([
      refusalOf(move('nobody', 'acknowledge', anna)),
      refusalOf(move('d1', 'ponder', anna)),
      refusalOf(move('m1', 'acknowledge', anna)),
    ])
    expect(refusals.map(({ code }) => code)).toEqual(['not_found', 'not_found', 'conflict'])
    expect(refusals.map(({ message }) => message)).toEqual([
      'There is no event "nobody" here, or no longer: "retention" in GET /catalog shows how long events are kept.',
      'There is no move "ponder" here; this event takes acknowledge, assign, start, resolve, close, read, and delete.',
      'Events of the category "market.tick" have no lifecycle; there is nothing to acknowledge.',
    ])
  })
})
