import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'cognito-local/lib/services/totp.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CallAction } from './announce-changes.ts'
import { createIdentity } from './create-identity.ts'
import { CLIENT_ID, PASSWORD, USER_POOL_ID } from './user-pool.ts'

type Reply = {
  AuthenticationResult?: { AccessToken: string; RefreshToken: string }
  Users?: { Username: string }[]
}

const GROUPS = ['viewer', 'editor', 'auditor', 'admin']

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidewire-identity-'))
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

const open = () => createIdentity({ dataDir, groups: GROUPS, issuer: 'http://127.0.0.1:1', log: () => {} })
const signIn = (call: CallAction, name: string, password: string) =>
  call('InitiateAuth', {
    AuthFlow: 'USER_PASSWORD_AUTH',
    ClientId: CLIENT_ID,
    AuthParameters: { USERNAME: name, PASSWORD: password },
  }) as Promise<Reply>

test('the user of every group signs in with tokens that contain the address and the group', async () => {
  const call = await open()
  for (const group of GROUPS) {
    const { AuthenticationResult } = await signIn(call, `${group}@tidewire.local`, PASSWORD)
    const payload = AuthenticationResult?.AccessToken.split('.')[1] ?? ''
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      iss: `http://127.0.0.1:1/${USER_POOL_ID}`,
      client_id: CLIENT_ID,
      token_use: 'access',
      username: `${group}@tidewire.local`,
      'cognito:groups': [group],
    })
  }
})

test('changes survive a restart, and only missing users are seeded', async () => {
  const name = 'viewer@tidewire.local'
  const before = await open()
  await before('AdminSetUserPassword', {
    UserPoolId: USER_POOL_ID,
    Username: name,
    Password: 'Another-one-1',
    Permanent: true,
  })
  await before('AdminDeleteUser', { UserPoolId: USER_POOL_ID, Username: 'admin@tidewire.local' })

  const after = await open()

  await expect(signIn(after, name, PASSWORD)).rejects.toThrow()
  expect((await signIn(after, name, 'Another-one-1')).AuthenticationResult).toBeDefined()
  expect((await signIn(after, 'admin@tidewire.local', PASSWORD)).AuthenticationResult).toBeDefined()
  const { Users = [] } = (await after('ListUsers', { UserPoolId: USER_POOL_ID })) as Reply
  expect(Users).toHaveLength(GROUPS.length)
  expect((await readdir(dataDir)).sort()).toEqual(['clients.json', `${USER_POOL_ID}.json`])
})

test('an invited user chooses a password, sets up an authenticator app, signs in with its code, and stays signed in', async () => {
  const call = await open()
  const name = 'ann@example.com'
  const invited = { UserPoolId: USER_POOL_ID, Username: name, MessageAction: 'SUPPRESS' }
  await call('AdminCreateUser', { ...invited, TemporaryPassword: 'Of-the-invitation-1' })
  const answer = (ChallengeName: string, responses: Record<string, string>) =>
    call('RespondToAuthChallenge', {
      ClientId: CLIENT_ID,
      Session: 's',
      ChallengeName,
      ChallengeResponses: { USERNAME: name, ...responses },
    }) as Promise<Reply>

  expect(await signIn(call, name, 'Of-the-invitation-1')).toMatchObject({
    ChallengeName: 'NEW_PASSWORD_REQUIRED',
  })
  const first = await answer('NEW_PASSWORD_REQUIRED', { NEW_PASSWORD: 'My-own-password-1' })
  const { AccessToken } = first.AuthenticationResult ?? {}
  const { SecretCode } = (await call('AssociateSoftwareToken', { AccessToken })) as { SecretCode: string }
  await call('VerifySoftwareToken', { AccessToken, UserCode: generate(SecretCode) })

  expect(await signIn(call, name, 'My-own-password-1')).toMatchObject({ ChallengeName: 'SOFTWARE_TOKEN_MFA' })
  const { AuthenticationResult } = await answer('SOFTWARE_TOKEN_MFA', {
    SOFTWARE_TOKEN_MFA_CODE: generate(SecretCode),
  })
  const { RefreshToken } = AuthenticationResult ?? {}
  expect(await call('GetTokensFromRefreshToken', { ClientId: CLIENT_ID, RefreshToken })).toMatchObject({
    AuthenticationResult: { AccessToken: expect.any(String) },
  })
  await call('AdminDeleteUser', { UserPoolId: USER_POOL_ID, Username: name })
})

test('answers what the directory of people asks, as Cognito does', async () => {
  const call = await open()
  const user = { UserPoolId: USER_POOL_ID, Username: 'viewer@tidewire.local' }

  expect(
    await call('ListUsersInGroup', { UserPoolId: USER_POOL_ID, GroupName: 'viewer', Limit: 60 }),
  ).toMatchObject({
    Users: [{ Username: user.Username, Enabled: true }],
  })
  expect(await call('AdminGetUser', user)).toMatchObject({ Username: user.Username, Enabled: true })
  expect(await call('AdminListGroupsForUser', user)).toMatchObject({ Groups: [{ GroupName: 'viewer' }] })
  await expect(call('AdminGetUser', { ...user, Username: 'nobody' })).rejects.toMatchObject({
    code: 'UserNotFoundException',
  })
})

test('what changes a user is announced with the id that its tokens have, and what fails is not', async () => {
  const announced: unknown[] = []
  const call = await createIdentity({
    dataDir,
    groups: GROUPS,
    issuer: 'http://127.0.0.1:1',
    log: () => {},
    changes: {
      actions: ['AdminUserGlobalSignOut', 'AdminRemoveUserFromGroup', 'AdminDeleteUser'],
      announce: async (event) => void announced.push(event),
    },
  })
  const user = { UserPoolId: USER_POOL_ID, Username: 'editor@tidewire.local' }
  const { sub } = tokenOf(await signIn(call, user.Username, PASSWORD))

  await call('AdminUserGlobalSignOut', user)
  await call('AdminDeleteUser', user)
  await expect(call('AdminDeleteUser', user)).rejects.toThrow()

  expect(announced).toMatchObject(
    ['AdminUserGlobalSignOut', 'AdminDeleteUser'].map((eventName) => ({
      source: 'aws.cognito-idp',
      detail: { eventName, additionalEventData: { sub } },
    })),
  )
})

function tokenOf({ AuthenticationResult }: Reply): { sub: string } {
  const payload = AuthenticationResult?.AccessToken.split('.')[1] ?? ''
  return JSON.parse(Buffer.from(payload, 'base64url').toString())
}
