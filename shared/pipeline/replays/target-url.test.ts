import { describe, expect, test } from 'vitest'
import { isPublicAddress, urlProblem } from './target-url.ts'

describe('an address', () => {
  test.each(['93.184.215.14', '8.8.8.8', '172.32.0.1', '2606:4700::1111', '2a00:1450:4001::200e'])(
    '%s is public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  )
  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    '2002:a00:1::1',
    '2001:db8::1',
    'no address',
  ])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false))
})

describe('a URL', () => {
  test.each(['https://hooks.example.com/in', 'https://8.8.8.8/x', 'https://[2606:4700::1111]:8443/'])(
    '%s may be posted to',
    (url) => expect(urlProblem(url, { isLocal: false })).toBeNull(),
  )
  test.each([
    ['http://hooks.example.com/', /must be https/],
    ['https://127.0.0.1/', /not a public address/],
    ['https://2130706433/', /not a public address/],
    ['https://0x7f.1/', /not a public address/],
    ['https://[::ffff:127.0.0.1]/', /not a public address/],
    ['https://localhost:3000/', /not a public name/],
    ['https://intranet/', /not a public name/],
    ['https://metadata.google.internal/', /not a public name/],
    ['https://user:secret@hooks.example.com/', /credentials/],
    ['no url', /is no URL/],
  ])('%s may not', (url, why) => expect(urlProblem(url, { isLocal: false })).toMatch(why))

  test('of this machine may be posted to locally, and no other scheme than http', () => {
    expect(urlProblem('http://localhost:4000/in', { isLocal: true })).toBeNull()
    expect(urlProblem('file:///etc/passwd', { isLocal: true })).toMatch(/no URL of https/)
  })
})
