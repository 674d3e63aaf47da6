import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { describePeople, PEOPLE } from '#shared/testing/contracts/people.contract.ts'
import { memoryPeople } from '#shared/testing/memory/memory-people.ts'
import { cognitoPeople } from './cognito-people.ts'

const AWS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's' }
type Body = Readonly<Record<string, unknown>>
type Answer = { readonly status?: number; readonly body: unknown }

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

async function open(
  respond: (action: string, input: Body, request: IncomingMessage) => Answer,
  { isWhole = false } = {},
) {
  const listener: RequestListener = async (request, response) => {
    const [, action = ''] = String(request.headers['x-amz-target']).split('.')
    const { status = 200, body } = respond(action, (await json(request)) as Body, request)
    response.writeHead(status).end(JSON.stringify(body))
  }
  const server = createServer(listener).listen(0, '127.0.0.1')
  servers.push(server)
  await new Promise((resolve) => server.once('listening', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return cognitoPeople({ userPoolId: 'pool', aws: AWS, endpoint, isWhole })
}

/** The groups of the pool. Bob is in two, eve is disabled, and a user named like a key is no person. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  viewer: ['bob@example.com', 'ada@example.com', 'eve@example.com', 'key:ci'],
  publisher: [],
  operator: ['zoe@example.com'],
  admin: ['ada@example.com'],
}
const isEnabled = (name: string) => name !== 'eve@example.com'
const userOf = (name: string) => ({ Username: name, Enabled: isEnabled(name) })
const UNKNOWN = { status: 400, body: { __type: 'UserNotFoundException', message: 'User does not exist.' } }

/** Cognito as far as it is asked here; it returns one user in a page. */
function respondAsPool(action: string, { Username, GroupName, NextToken, UserPoolId }: Body): Answer {
  expect(UserPoolId).toBe('pool')
  if (action === 'ListUsersInGroup') {
    const names = GROUPS[String(GroupName)] ?? []
    const at = Number(NextToken ?? 0)
    const Users = names.slice(at, at + 1).map(userOf)
    return { body: { Users, ...(at + 1 < names.length && { NextToken: String(at + 1) }) } }
  }
  const name = String(Username)
  if (!/^\S+$/.test(name))
    return { status: 400, body: { __type: 'com.amazonaws#InvalidParameterException', message: '' } }
  const groups = Object.keys(GROUPS).filter((group) => GROUPS[group]?.includes(name))
  if (groups.length === 0) return UNKNOWN
  expect(action).toBe('AdminUserGlobalSignOut')
  return { body: {} }
}

describePeople('of Cognito', () => open(respondAsPool))
describePeople('in memory', async () => memoryPeople(PEOPLE))
describe('Cognito', () => {
  test('is sent signed requests', async () => {
    const seen: IncomingMessage[] = []
    const people = await open((action, input, request) => {
      seen.push(request)
      return respondAsPool(action, input)
    })

    await people.signOut('bob@example.com')

    expect(seen.map(({ url, method, headers }) => [method, url, headers['x-amz-target']])).toEqual([
      ['POST', '/', 'AWSCognitoIdentityProviderService.AdminUserGlobalSignOut'],
    ])
    expect(seen[0]?.headers.authorization).toMatch(/Credential=AKID\/\d{8}\/eu-central-1\/cognito-idp\//)
  })

  test('signs a user out everywhere, and does nothing about one that it does not know', async () => {
    const seen: unknown[] = []
    const people = await open((action, input) => {
      seen.push([action, input.Username])
      return respondAsPool(action, input)
    })

    await people.signOut('bob@example.com')
    await people.signOut('nobody')

    expect(seen).toEqual([
      ['AdminUserGlobalSignOut', 'bob@example.com'],
      ['AdminUserGlobalSignOut', 'nobody'],
    ])
  })

  test.each([
    [400, { __type: 'TooManyRequestsException' }, 'TooManyRequestsException'],
    [400, { __type: 'com.amazonaws#AccessDeniedException' }, 'AccessDeniedException'],
    [502, '<html>', 'ServiceUnavailable'],
  ])('that refuses with %d %j makes an error of that name', async (status, body, name) => {
    const people = await open(() => ({ status, body }))

    await expect(people.signOut('bob@example.com')).rejects.toMatchObject({ name })
    await expect(people.all()).rejects.toMatchObject({ name })
  })

  test('lists a part of a group that has no end', async () => {
    let pages = 0
    const people = await open((_, { GroupName }) => {
      if (GroupName !== 'viewer') return { body: { Users: [] } }
      pages += 1
      return { body: { Users: [userOf(`u${pages}`)], NextToken: 'more' } }
    })

    expect(await people.all()).toHaveLength(20)
    expect(pages).toBe(20)
  })

  test('lists everybody if the list must be whole, and throws if it cannot', async () => {
    const listing = (last: number) =>
      open(
        (_, { GroupName, NextToken }) => {
          if (GroupName !== 'viewer') return { body: { Users: [] } }
          const page = Number(NextToken ?? 1)
          return { body: { Users: [userOf(`u${page}`)], ...(page < last && { NextToken: `${page + 1}` }) } }
        },
        { isWhole: true },
      )

    expect(await (await listing(25)).all()).toHaveLength(25)
    await expect((await listing(1001)).all()).rejects.toThrow('more than 1000 users')
  })
})
