import { Buffer } from 'node:buffer'
import { afterEach, expect, test, vi } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import type { AcceptDeps } from '#shared/pipeline/accept/accept.ts'
import type { AuditRecord } from '#shared/pipeline/audit/audit.ts'
import { makeContext } from '#shared/testing/functions/lambda-events.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryEventLog } from '#shared/testing/memory/memory-event-log.ts'
import { composeAudit, createAuditFunction } from './audit.ts'
import { readEnvironment } from './lib/environment.ts'

const RECORD: AuditRecord = {
  id: 'a1',
  time: '2026-03-01T08:00:00.000Z',
  action: 'key.created',
  principal: { kind: 'user', name: 'ada', role: 'admin' },
  caller: { address: '203.0.113.7' },
  target: 'key:ci',
}

afterEach(() => {
  vi.restoreAllMocks()
})

function createWorld(more: Partial<AcceptDeps> = {}) {
  const kafka = memoryEventLog()
  const deps = composeAudit(readEnvironment(process.env))
  const audit = createAuditFunction({ ...deps, kafka, claims: memoryClaimStore(), ...more })
  const written = () => kafka.records.map(({ value }) => JSON.parse(Buffer.from(value).toString()))
  return { audit: () => audit(RECORD, makeContext(20_000)), written }
}

test('a call writes its entry, once even if Lambda repeats it', async () => {
  const { audit, written } = createWorld()

  await audit()
  await audit()

  expect(written()).toMatchObject([
    { id: 'a1', type: 'tidewire.audit.key.created', data: { target: 'key:ci', outcome: 'done' } },
  ])
})

test('a call fails if Kafka cannot be written, so that Lambda repeats it; the entry is in the log', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  const error = new Refusal('unavailable', 'no Kafka')
  const { audit } = createWorld({ kafka: { append: () => Promise.reject(error) } })

  await expect(audit()).rejects.toThrow('no Kafka')

  const [line] = logged.mock.calls[0] ?? []
  expect(JSON.parse(line)).toMatchObject({ level: 'ERROR', entry: RECORD, error: { message: 'no Kafka' } })
})
