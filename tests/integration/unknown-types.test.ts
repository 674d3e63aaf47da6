import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { get, type Problem, post } from '../support/api.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

describe('a deployment that accepts only the types of the catalog (UNKNOWN_TYPES=refuse)', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startStack({ env: { UNKNOWN_TYPES: 'refuse' } })
  })
  afterAll(() => stack?.dispose())

  it('refuses another type, accepts one of the catalog, and reports the setting in the catalog', async () => {
    const unknown = await post(stack.httpUrl, '{"type":"somewhere.else"}')
    const known = await post(stack.httpUrl, '{"type":"port.ship.arrived"}')
    const catalog = await get<{ unclaimed: { types: string } }>(`${stack.httpUrl}/catalog`)

    expect([unknown.status, (unknown.json as Problem).errors?.[0]?.pointer]).toEqual([422, '/type'])
    expect(known.status).toBe(202)
    expect(catalog.json.unclaimed.types).toBe('refuse')
  })
})
