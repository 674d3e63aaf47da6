import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CallAction, createIdentity } from './create-identity.ts'
import { CLIENT_ID, PASSWORD, ROLES, USER_POOL_ID } from './user-pool.ts'

type Answer = { AuthenticationResult?: { AccessToken: string }; Users?: { Username: string }[] }

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidewire-identity-'))
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

const open = () => createIdentity({ dataDir, issuer: 'http://127.0.0.1:1', log: () => {} })
const signIn = (call: CallAction, name: string, password: string) =>
  call('InitiateAuth', {
    AuthFlow: 'USER_PASSWORD_AUTH',
    ClientId: CLIENT_ID,
    AuthParameters: { USERNAME: name, PASSWORD: password },
  }) as Promise<Answer>

test('every local user signs in with tokens that name the address and the role', async () => {
  const call = await open()
  for (const role of ROLES) {
    const { AuthenticationResult } = await signIn(call, `${role}@tidewire.local`, PASSWORD)
    const payload = AuthenticationResult?.AccessToken.split('.')[1] ?? ''
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      iss: `http://127.0.0.1:1/${USER_POOL_ID}`,
      client_id: CLIENT_ID,
      token_use: 'access',
      username: `${role}@tidewire.local`,
      'cognito:groups': [role],
    })
  }
})

test('what was changed stays changed when the pool is opened again, and only what is missing is seeded', async () => {
  const name = 'viewer@tidewire.local'
  const before = await open()
  await before('AdminSetUserPassword', {
    ...{ UserPoolId: USER_POOL_ID, Username: name },
    ...{ Password: 'Another-one-1', Permanent: true },
  })
  await before('AdminDeleteUser', { UserPoolId: USER_POOL_ID, Username: 'admin@tidewire.local' })

  const after = await open()

  await expect(signIn(after, name, PASSWORD)).rejects.toThrow()
  expect((await signIn(after, name, 'Another-one-1')).AuthenticationResult).toBeDefined()
  expect((await signIn(after, 'admin@tidewire.local', PASSWORD)).AuthenticationResult).toBeDefined()
  const { Users = [] } = (await after('ListUsers', { UserPoolId: USER_POOL_ID })) as Answer
  expect(Users).toHaveLength(ROLES.length)
  expect((await readdir(dataDir)).sort()).toEqual(['clients.json', `${USER_POOL_ID}.json`])
})
