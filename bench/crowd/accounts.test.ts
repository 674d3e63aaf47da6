import { describe, expect, it } from 'vitest'
import { createAccounts, faultsOfCounts } from './accounts.ts'

const RETENTION_MS = 60_000
const at = (offset: number, partition = 0) => ({ topic: 'port-events', partition, offset })

/** Two viewers of `port` and one of `blog`, with so many events of `port` accepted, one each second. */
function accepted(count: number) {
  const accounts = createAccounts(['port', 'port', 'blog'], RETENTION_MS)
  const entries = Array.from({ length: count }, (_, index) => {
    const entry = accounts.begin('port', index * 1000)
    accounts.accepted(entry, index * 1000 + 5)
    return entry
  })
  return { accounts, entries }
}

describe('accounts', () => {
  it('an event is due to each viewer of its group, and only when it is accepted', () => {
    const { accounts, entries } = accepted(2)
    accounts.begin('port', 0)
    accounts.arrived(0, entries[0] ?? null, at(1), 9)
    expect(accounts.counts()).toMatchObject({ accepted: 2, delivered: 1, lost: 3, repeated: 0 })
  })

  it('the latency of an event begins with its first post; a repeat has none', () => {
    const { accounts, entries } = accepted(2)
    expect(accounts.arrived(0, entries[1] ?? null, at(1), 1030)).toBe(30)
    expect(accounts.arrived(0, entries[1] ?? null, at(1), 1040)).toBeNull()
    expect(accounts.counts().repeated).toBe(1)
  })

  it('order is that of the offsets within a partition', () => {
    const { accounts, entries } = accepted(3)
    accounts.arrived(0, entries[0] ?? null, at(5), 1)
    accounts.arrived(0, entries[1] ?? null, at(3, 1), 2)
    expect(accounts.counts().outOfOrder).toBe(0)
    accounts.arrived(0, entries[2] ?? null, at(4), 3)
    expect(accounts.counts().outOfOrder).toBe(1)
  })

  it('events of others count as repeated if their position is not above the last', () => {
    const { accounts } = accepted(0)
    accounts.arrived(0, null, at(5), 1)
    accounts.arrived(0, null, at(6), 1)
    accounts.arrived(0, null, at(6), 1)
    expect(accounts.counts().repeated).toBe(1)
  })

  it('who was told trimmed may lack what was older than the retention then, and nothing younger', () => {
    const { accounts } = accepted(100)
    accounts.gap(0, 'trimmed', 100_000)
    // 100 s − 60 s of retention + 15 s of slack: the first 55 events are excused.
    expect(accounts.counts()).toMatchObject({ trimmed: 1, excused: 55, lost: 45 + 100 })
  })

  it('another gap excuses nothing and is a fault', () => {
    const { accounts } = accepted(1)
    accounts.gap(0, 'epoch', 100_000)
    expect(accounts.counts()).toMatchObject({ excused: 0, lost: 2, otherGaps: 1 })
    expect(faultsOfCounts('age', accounts.counts())).toEqual([
      'age: 2 lost',
      'age: 1 gaps that are not of age',
    ])
  })

  it('a viewer is fresh from the first event on that was posted after the mark', () => {
    const { accounts, entries } = accepted(3)
    accounts.mark(1500)
    accounts.arrived(0, entries[1] ?? null, at(1), 5000)
    expect(accounts.freshAt(0)).toBeNull()
    accounts.arrived(0, entries[2] ?? null, at(2), 5100)
    expect(accounts.freshAt(0)).toBe(5100)
    accounts.mark(9000)
    expect(accounts.freshAt(0)).toBeNull()
  })
})
