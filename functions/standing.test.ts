import { expect, test, vi } from 'vitest'
import { makeContext } from '#shared/testing/functions/lambda-events.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryRevocationStore } from '#shared/testing/memory/memory-revocation-store.ts'
import { createStanding } from './standing.ts'

const NOW = Date.parse('2026-03-01T08:00:10Z')
const DELETED = {
  eventName: 'AdminDeleteUser',
  eventTime: '2026-03-01T08:00:00Z',
  requestParameters: { userPoolId: 'p1', username: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
  additionalEventData: { sub: 'u1' },
}

async function tell(detail: object, audit = memoryAudit()) {
  const revocations = memoryRevocationStore(() => NOW)
  const standing = createStanding({ revocations, now: () => NOW, audit })
  await standing({ detail }, makeContext(10_000))
  return new Map(await revocations.current())
}

test('what happened to a user revokes the credentials from before it, by the id that tokens have', async () => {
  expect(await tell(DELETED)).toEqual(new Map([['id:u1', Date.parse(DELETED.eventTime)]]))
})

test('an action that names its user without an id revokes by the name', async () => {
  const detail = { ...DELETED, requestParameters: { username: 'ada' }, additionalEventData: null }

  expect(await tell(detail)).toEqual(new Map([['ada', Date.parse(DELETED.eventTime)]]))
})

test('an action that was refused changes nothing', async () => {
  expect(await tell({ ...DELETED, errorCode: 'UserNotFoundException' })).toEqual(new Map())
})

test('a sign-in that was refused is audited with its address, and changes nothing', async () => {
  const audit = memoryAudit()
  const refused = {
    eventName: 'InitiateAuth',
    errorCode: 'NotAuthorizedException',
    errorMessage: 'Incorrect username or password.',
    sourceIPAddress: '192.0.2.7',
    requestID: 'r1',
  }

  expect(await tell({ ...DELETED, ...refused }, audit)).toEqual(new Map())
  await tell({ ...refused, additionalEventData: null }, audit)

  expect(audit.entries).toMatchObject([
    {
      action: 'sign-in.refused',
      caller: { address: '192.0.2.7', requestId: 'r1' },
      target: 'id:u1',
      reason: 'Incorrect username or password.',
    },
    { action: 'sign-in.refused', target: 'InitiateAuth' },
  ])
})

test('an action that names nobody is logged', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})

  expect(await tell({ ...DELETED, additionalEventData: null })).toEqual(new Map())

  expect(logged.mock.calls.join()).toContain('AdminDeleteUser')
  logged.mockRestore()
})

test('a table that cannot be written fails the call, so that it is repeated', async () => {
  const revocations = { revoke: () => Promise.reject(new Error('throttled')) }
  const standing = createStanding({ revocations, now: () => NOW, audit: memoryAudit() })

  await expect(standing({ detail: DELETED }, makeContext(10_000))).rejects.toThrow('throttled')
})
