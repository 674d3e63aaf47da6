import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { AUDITED_ACTIONS, auditedKind } from '#shared/core/audit.ts'
import { domains } from '#shared/domain/catalog.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryEventLog } from '#shared/testing/memory/memory-event-log.ts'
import type { AuditRecord } from './audit.ts'
import { auditEvent, writeAudit } from './write-audit.ts'

const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
const RECORD: AuditRecord = {
  id: 'a1',
  time: '2026-03-01T08:00:00.000Z',
  action: 'refused',
  principal: { kind: 'user', name: 'ada', role: 'viewer' },
  caller: { address: '203.0.113.7', requestId: 'r1', trace: TRACE },
  target: 'GET /keys',
  reason: 'no',
  omitted: 2,
}
const catalog = createCatalog(domains)

function createWorld() {
  const kafka = memoryEventLog()
  const deps = { kafka, claims: memoryClaimStore(), catalog, newId: () => 'n1' }
  const written = () => kafka.records.map(({ value }) => JSON.parse(Buffer.from(value).toString()))
  return { kafka, deps, written }
}

test('an entry becomes an event on the topic of the audit trail, in order by who acted', async () => {
  const { kafka, deps, written } = createWorld()

  await writeAudit(RECORD, deps)

  expect(kafka.records).toMatchObject([{ topic: 'tidewire-audit', key: 'ada' }])
  expect(written()).toEqual([
    {
      specversion: '1.0',
      id: 'a1',
      source: 'urn:tidewire:audit',
      type: 'tidewire.audit.refused',
      category: 'tidewire.audit.refused',
      severity: 'low',
      subject: 'ada',
      partitionkey: 'ada',
      time: RECORD.time,
      traceparent: TRACE,
      datacontenttype: 'application/json',
      data: {
        action: 'refused',
        outcome: 'refused',
        principal: RECORD.principal,
        address: '203.0.113.7',
        requestId: 'r1',
        target: 'GET /keys',
        reason: 'no',
        omitted: 2,
      },
    },
  ])
})

test('an entry that is sent again, as Lambda does, is written once', async () => {
  const { deps, written } = createWorld()

  await writeAudit(RECORD, deps)
  await writeAudit(RECORD, deps)

  expect(written()).toHaveLength(1)
})

test.each(AUDITED_ACTIONS)('%s has an event type whose schema its entries fit', (action) => {
  const { type, data } = auditEvent({ ...RECORD, action })

  expect(catalog.definitionOf(type)).toMatchObject({ isInternal: true })
  expect(catalog.issuesOf(type, data)).toEqual([])
  expect(data).toMatchObject({ outcome: auditedKind(action).outcome })
})
