import { describe, expect, it } from 'vitest'
import { addressOf, readTab } from './pipeline-address.ts'

describe('the address of the pipeline page', () => {
  it('names a tab, the first one by default', () => {
    expect(readTab(undefined)).toBe('overview')
    expect(readTab('')).toBe('overview')
    expect(readTab('dead-letters')).toBe('dead-letters')
    expect(readTab('elsewhere')).toBeNull()
  })

  it('leads to a record', () => {
    expect(addressOf('overview')).toBe('/pipeline')
    expect(addressOf('topics', { topic: 'port-events', partition: '0', offset: '12' })).toBe(
      '/pipeline/topics?topic=port-events&partition=0&offset=12',
    )
  })
})
