import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { withMetrics } from '../support/metrics-table.ts'

test('docs/telemetry.md has every metric (`npm run generate` updates it)', async () => {
  const page = await readFile('docs/telemetry.md', 'utf8')

  expect(page).toContain('`tidewire_events_accepted_total` | `EventsAccepted`')
  expect(withMetrics(page)).toBe(page)
})
