import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AccessCheck } from '../access/access-check.ts'
import { accessKeyOf } from '../access/caller.ts'
import { groupResponder } from './respond-with-groups.ts'

let folder: string
let poolFile: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewire-groups-'))
  poolFile = join(folder, 'pool.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Returns the users of a response, or null if there is none. */
function respond(begin: string, denied: string | null = null): unknown {
  const check: AccessCheck = ({ accessKey }) => (accessKey === accessKeyOf('people') ? denied : 'not people')
  const reply = groupResponder({ poolFile, groups: ['viewer', 'admin'], check })(begin)
  return reply && (JSON.parse(reply.slice(reply.indexOf('\r\n\r\n'))) as { Users: unknown }).Users
}

function requestFor(group: string, action = 'ListUsersInGroup'): string {
  const body = JSON.stringify({ UserPoolId: 'local_tidewire', GroupName: group, Limit: 60 })
  return [
    'POST / HTTP/1.1',
    'host: 127.0.0.1:9',
    `x-amz-target: AWSCognitoIdentityProviderService.${action}`,
    `content-length: ${body.length}`,
    `authorization: AWS4-HMAC-SHA256 Credential=${accessKeyOf('people')}/20261127/local/cognito-idp/aws4_request`,
    '',
    body,
  ].join('\r\n')
}

test('a pool that was never opened has the user of each group', () => {
  expect(respond(requestFor('viewer'))).toEqual([{ Username: 'viewer@tidewire.local', Enabled: true }])
})

test('a pool that was stored has its members, and says who is disabled', () => {
  const Users = { 'eve@tidewire.local': { Enabled: false }, 'bob@tidewire.local': { Enabled: true } }
  const members = ['eve@tidewire.local', 'bob@tidewire.local', 'gone@tidewire.local', 'viewer@tidewire.local']
  writeFileSync(poolFile, JSON.stringify({ Users, Groups: { viewer: { members } } }))

  expect(respond(requestFor('viewer'))).toEqual([
    { Username: 'eve@tidewire.local', Enabled: false },
    { Username: 'bob@tidewire.local', Enabled: true },
    // It is seeded when the emulator starts.
    { Username: 'viewer@tidewire.local', Enabled: true },
  ])
  expect(respond(requestFor('admin'))).toEqual([{ Username: 'admin@tidewire.local', Enabled: true }])
})

test('every other request is for the emulator', () => {
  const whole = requestFor('viewer')

  expect(respond(whole, 'denied')).toBeNull()
  expect(respond(requestFor('staff'))).toBeNull()
  expect(respond(requestFor('viewer', 'InitiateAuth'))).toBeNull()
  expect(respond(whole.slice(0, -1))).toBeNull()
  expect(respond(whole.replace('POST /', 'OPTIONS /'))).toBeNull()
  expect(respond('GET /local_tidewire/.well-known/jwks.json HTTP/1.1\r\n\r\n')).toBeNull()
})
