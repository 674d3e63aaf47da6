import { expect, test } from 'vitest'
import { clientOf } from './client-of.ts'

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:0:7:1:2:3:4', '2001:db8:0:7::/64'],
  ['2001:DB8:0:07::4', '2001:db8:0:7::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['', ''],
  ['unknown', 'unknown'],
])('%s is the client %s', (address, client) => {
  expect(clientOf(address)).toBe(client)
})
