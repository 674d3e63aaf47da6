import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { get, type Problem, post } from '../support/api.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

describe('a deployment that wants none but its own types (UNKNOWN_TYPES=refuse)', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startStack({ env: { UNKNOWN_TYPES: 'refuse' } })
  })
  afterAll(() => stack?.dispose())

  it('refuses another type, takes one of the catalog, and says so there', async () => {
    const unknown = await post(stack.httpUrl, '{"type":"somewhere.else"}')
    const known = await post(stack.httpUrl, '{"type":"port.ship.arrived"}')
    const catalog = await get<{ unclaimed: { types: string } }>(`${stack.httpUrl}/catalog`)

    expect([unknown.status, (unknown.json as Problem).errors?.[0]?.pointer]).toEqual([422, '/type'])
    expect(known.status).toBe(202)
    expect(catalog.json.unclaimed.types).toBe('refuse')
  })
})
