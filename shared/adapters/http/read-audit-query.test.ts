import { expect, test } from 'vitest'
import { AUDITED_ACTIONS } from '#shared/core/audit.ts'
import type { Refusal } from '#shared/core/refusal.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { readAuditQuery } from './read-audit-query.ts'

test('without parameters the newest page of everything is asked for', () => {
  const { query, limit, next, selection } = readAuditQuery({})

  expect(query).toEqual({ channels: ['tidewire.audit.**'], filter: {} })
  expect([limit, next]).toEqual([50, undefined])
  expect(selection.admits(makeEvent('a1', { data: { outcome: 'done' } }))).toBe(true)
})

test('names, actions and times become a query of events', () => {
  const { query, limit, next } = readAuditQuery({
    principal: 'ada,key:ci',
    action: 'key.*,refused',
    from: '2026-03-01T00:00:00Z',
    to: '2026-03-02T00:00:00Z',
    limit: '7',
    next: 'tidewire-audit@e1:0=3',
  })

  const actions = ['key.created', 'key.rotated', 'key.revoked', 'refused']
  expect(query).toEqual({
    channels: ['tidewire.audit.**'],
    filter: { type: actions.map((name) => `tidewire.audit.${name}`), subject: ['ada', 'key:ci'] },
    from: Date.parse('2026-03-01T00:00:00Z'),
    to: Date.parse('2026-03-02T00:00:00Z'),
  })
  expect([limit, next]).toEqual([7, 'tidewire-audit@e1:0=3'])
})

test('an outcome admits only the entries that have it', () => {
  const { admits } = readAuditQuery({ outcome: 'refused' }).selection

  expect(admits(makeEvent('a1', { data: { outcome: 'refused' } }))).toBe(true)
  expect(admits(makeEvent('a2', { data: { outcome: 'done' } }))).toBe(false)
  expect(admits(makeEvent('a3', {}))).toBe(false)
})

test('every audited action can be asked for, and all of them with a pattern', () => {
  expect(readAuditQuery({ action: '**' }).query.filter?.type).toHaveLength(AUDITED_ACTIONS.length)
  expect(readAuditQuery({ action: AUDITED_ACTIONS.join(',') }).query.filter?.type).toHaveLength(
    AUDITED_ACTIONS.length,
  )
})

test.each([
  [{ action: 'key.*,made-up' }, '/action'],
  [{ outcome: 'perhaps' }, '/outcome'],
  [{ who: 'ada' }, '/who'],
  [{ channel: 'port.**' }, '/channel'],
  [{ limit: '0' }, '/limit'],
  [{ from: 'yesterday' }, '/from'],
])('%j is refused with the parameter that is wrong', (query, pointer) => {
  expect(() => readAuditQuery(query)).toThrow(
    expect.objectContaining({
      code: 'malformed',
      faults: [expect.objectContaining({ pointer })],
    } satisfies Partial<Record<keyof Refusal, unknown>>),
  )
})
