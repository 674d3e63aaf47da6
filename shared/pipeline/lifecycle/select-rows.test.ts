import { beforeEach, describe, expect, test } from 'vitest'
import type { Principal } from '#shared/core/access/principal.ts'
import type { Case } from '#shared/domain/port/case.ts'
import { accessOf } from '#shared/pipeline/history/access.ts'
import { listEvents } from '#shared/pipeline/history/list-events.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { type CaseWorld, createCaseWorld, publishTo } from '#shared/testing/lifecycle/case-world.ts'
import { getEvent } from './get-event.ts'
import { moveEvent } from './move-event.ts'
import { type RowQuery, selectRows } from './select-rows.ts'

const anna: Principal = makePrincipal({ name: 'anna', role: 'operator' })
const bob: Principal = makePrincipal({ name: 'bob', role: 'operator' })
const root: Principal = makePrincipal({ name: 'root', role: 'admin' })
let world: CaseWorld

beforeEach(() => {
  world = createCaseWorld()
})

const publish = (id: string, given: object = {}) => publishTo(world, id, given)
const move = (id: string, name: string, principal: Principal, body: Record<string, unknown> = {}) =>
  moveEvent({ id, move: name, principal, body }, world)
const list = async (query: Partial<RowQuery> = {}) => {
  const wanted = { channels: ['**'], ...query }
  const { events } = await listEvents(
    wanted,
    undefined,
    50,
    { ...world, access: accessOf(anna) },
    selectRows(wanted, world),
  )
  return events.map(({ event, state }) => [event.id, (state as { status?: string } | undefined)?.status])
}

describe('events of one id from two sources', () => {
  test('are distinguished by their source', async () => {
    await publish('twin', { source: '/a', type: 'test.thing', category: 'test.thing' })
    await publish('twin', { source: '/b' })

    expect((await getEvent({ id: 'twin', principal: anna }, world)).body.event.source).toBe('/b')
    expect((await getEvent({ id: 'twin', source: '/a', principal: anna }, world)).body).not.toHaveProperty(
      'state',
    )
    await expect(getEvent({ id: 'twin', source: '/c', principal: anna }, world)).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})

describe('an event whose time is ahead of the log', () => {
  test('is listed with the mark, without a state, and takes no move', async () => {
    await publish('early', { time: '2099-01-01T00:00:00Z' })
    await publish('usual')
    const wanted = { channels: ['**'] }
    const { events } = await listEvents(
      wanted,
      undefined,
      9,
      { ...world, access: accessOf(anna) },
      selectRows(wanted, world),
    )

    expect(events.map(({ event, ahead, state }) => [event.id, ahead, state !== undefined])).toEqual([
      ['usual', undefined, true],
      ['early', true, false],
    ])
    const { body } = await getEvent({ id: 'early', principal: anna }, world)
    expect(body).toMatchObject({ ahead: true })
    expect(body).not.toHaveProperty('state')
    expect(await list({ state: { status: ['new'] } })).toEqual([['usual', 'new']])
    await expect(move('early', 'acknowledge', anna)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('2099-01-01T00:00:00Z, was too far ahead of the log'),
    })
  })
})

describe('a time of the field', () => {
  test('lets an event at a leap second be found by a range of time', async () => {
    await publish('leap', { time: '2016-12-31T23:59:60.5Z' })
    const second = Date.parse('2016-12-31T23:59:59Z')
    const range = (from: number, to: number) =>
      ({ from: second + from, to: second + to }) as Partial<RowQuery>

    expect(await list(range(0, 999))).toEqual([['leap', 'new']])
    expect(await list(range(501, 999))).toEqual([])
    expect(await list(range(0, 499))).toEqual([])
  })
})

describe('a text', () => {
  test.each([
    ['Müller', 'mu\u0308ller'],
    ['Mu\u0308ller', 'MÜLLER'],
    ['\u212bngstro\u0308m', 'ångström'],
  ])('%j is found by %j, however the two are composed', async (title, text) => {
    await publish('named', { data: { title } })
    await publish('other', { data: { title: 'Muller Angstrom' } })

    expect(await list({ text })).toEqual([['named', 'new']])
  })
})

describe('an event that somebody may not read', () => {
  const narrow: Principal = { ...anna, grants: [{ actions: '**', channels: 'port.ship', types: '**' }] }

  test('does not exist for them, nor can it be moved; of two with an id they get the other one', async () => {
    await publish('d1')
    await publish('twin')
    await publish('twin', { source: '/b', type: 'port.ship.arrived' })
    const missing = { code: 'not_found', message: expect.stringContaining('There is no event "d1" here') }

    await expect(getEvent({ id: 'd1', principal: narrow }, world)).rejects.toMatchObject(missing)
    await expect(move('d1', 'acknowledge', narrow)).rejects.toMatchObject(missing)
    const { event } = (await getEvent({ id: 'twin', principal: narrow }, world)).body
    expect(event.source).toBe('/b')
  })
})

describe('a list', () => {
  test('returns the state of each event, and omits moves and deleted events', async () => {
    await publish('d1')
    await publish('d2', { type: 'port.ship.arrived', subject: 'aurora' })
    await publish('d3')
    await move('d2', 'acknowledge', anna)
    const { receipt } = await move('d3', 'delete', root)

    expect((await list()).sort()).toEqual([
      ['d1', 'new'],
      ['d2', 'acknowledged'],
    ])
    expect(((await getEvent({ id: 'd3', principal: anna }, world)).body.state as Case).isDeleted).toBe(true)
    expect(await list({ channels: ['port.container.lifecycle'] })).toEqual([[receipt.id, undefined]])
  })

  test('finds by status, assignee, and text in title, description, type, subject and id', async () => {
    await publish('d1')
    await publish('d2', { data: { title: 'Seal', description: 'BROKEN by a crane' } })
    await move('d2', 'assign', anna, { assignee: 'bob' })
    await move('d2', 'acknowledge', bob)

    expect(await list({ state: { status: ['acknowledged'] } })).toEqual([['d2', 'acknowledged']])
    expect(await list({ state: { assignee: ['bob', 'carl'] } })).toEqual([['d2', 'acknowledged']])
    expect(await list({ text: 'broken' })).toEqual([['d2', 'acknowledged']])
    expect(await list({ text: 'DENT' })).toEqual([['d1', 'new']])
    expect(await list({ text: 'nothing like it' })).toEqual([])
  })

  test('finds by text in each attribute that every event has', async () => {
    await publish('Box-77', { type: 'port.container.arrived', subject: 'MSKU-42', data: {} })
    await publish('other', { type: 'port.ship.departed', subject: 'Aurora', data: {} })

    expect(await list({ text: 'box-77' })).toEqual([['Box-77', 'new']])
    expect(await list({ text: 'aurora' })).toEqual([['other', 'new']])
    expect(await list({ text: 'SHIP.dep' })).toEqual([['other', 'new']])
  })

  test('finds by text in the members of data that the domain declares, and in no others', async () => {
    await publish('d1', { data: { title: 'Dent', seal: 'broken' } })
    const { event } = (await getEvent({ id: 'd1', principal: anna }, world)).body
    const admits = (searched: readonly string[], text: string) =>
      selectRows({ channels: ['**'], text }, { ...world, catalog: { searched } }).admits(event)

    expect([admits(['title'], 'dent'), admits(['title'], 'broken')]).toEqual([true, false])
    expect([admits(['seal'], 'dent'), admits(['seal'], 'broken')]).toEqual([false, true])
  })

  test('is not filtered by a member that no lifecycle declares', async () => {
    await publish('d1')

    expect(await list({ state: { mood: ['good'] } })).toEqual([['d1', 'new']])
  })
})
