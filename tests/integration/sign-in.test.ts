import { Buffer } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '#shared/client/connect.ts'
import { ROLES } from '#shared/core/access/role.ts'
import { get, type Positioned, publish } from '../support/api.ts'
import { openSocket } from '../support/open-socket.ts'
import { type OpenDocument, openDocument } from '../support/openapi/open-document.ts'
import { addressOf, bearer, callIdentity, initiateAuth, PASSWORD, signIn } from '../support/sign-in.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

describe('signing in', () => {
  let stack: TestStack
  let document: OpenDocument
  beforeAll(async () => {
    stack = await startStack()
    document = await openDocument(stack.httpUrl)
  })
  afterAll(() => stack?.dispose())

  /** Sends a request, and checks the response against the OpenAPI document. */
  async function call(method: string, path: string, headers: Record<string, string>, body?: unknown) {
    const response = await fetch(`${stack.httpUrl}${path}`, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const answer = { status: response.status, headers: response.headers, text: await response.text() }
    expect(document.contradiction(method, path, answer)).toBeNull()
    return { status: answer.status, headers: answer.headers, json: JSON.parse(answer.text) }
  }
  const ticketOf = async (headers: Record<string, string>) =>
    (await call('POST', '/tickets', headers)).json.ticket as string

  it.each(ROLES)('lets the %s read, and write if the role may', async (role) => {
    const headers = await bearer(stack, role)

    expect((await call('GET', '/events', headers)).status).toBe(200)
    const { status, json } = await call('POST', '/events', headers, { type: 'test.signed', data: role })

    if (role === 'viewer')
      expect(json).toMatchObject({
        status: 403,
        detail: expect.stringContaining('(viewer) may not write "test.signed"'),
      })
    else expect(status).toBe(202)
  })

  it('does not distinguish a wrong password from an unknown user', async () => {
    const attempt = (USERNAME: string, password: string) =>
      initiateAuth(stack, 'USER_PASSWORD_AUTH', { USERNAME, PASSWORD: password })
    const wrong = await attempt(addressOf('viewer'), 'guess')

    expect(wrong).toEqual({
      status: 400,
      body: { __type: 'NotAuthorizedException', message: 'Incorrect username or password.' },
    })
    expect(await attempt('nobody@tidewire.local', PASSWORD)).toEqual(wrong)
  })

  it('gives a new access token for a refresh token, as aws-amplify asks for it', async () => {
    const { RefreshToken } = await signIn(stack, 'operator')
    const { body } = await callIdentity(stack, 'GetTokensFromRefreshToken', { RefreshToken })
    const authorization = `Bearer ${body.AuthenticationResult?.AccessToken}`

    expect((await call('GET', '/catalog', { authorization })).status).toBe(200)
  })

  it('refuses invalid tokens, with the reason', async () => {
    const { AccessToken, IdToken } = await signIn(stack, 'viewer')
    const [header, , signature] = AccessToken.split('.')
    const forged = Buffer.from(JSON.stringify({ ...claimsOf(AccessToken), 'cognito:groups': ['admin'] }))
    const details = async (authorization: string) => {
      const { status, headers, json } = await call('GET', '/events', { authorization })
      expect([status, headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('Bearer')])
      return json.detail
    }

    expect(await details(`Bearer ${IdToken}`)).toBe('This is an ID token; send the access token instead.')
    expect(await details(`Bearer ${header}.${forged.toString('base64url')}.${signature}`)).toBe(
      'This token is not valid.',
    )
    expect(await details('Basic YTpi')).toBe(
      'The scheme Basic is not one that is taken here: the header "authorization" must be "Bearer <access token>", or "Bearer <API key>".',
    )
  })

  it('opens one socket with a ticket, and no second one', async () => {
    const category = `test.c-${randomUUID()}`
    const ticket = await ticketOf(await bearer(stack, 'viewer'))

    const socket = await openSocket(stack.socketUrl, `ticket=${ticket}`)
    socket.send({ action: 'subscribe', id: 's', channels: [category] })
    await socket.next((frame) => frame.type === 'subscribed')
    await publish(stack.httpUrl, { type: 'test.heard', category })
    await socket.next((frame) => frame.type === 'events')

    await expect(openSocket(stack.socketUrl, `ticket=${ticket}`)).rejects.toThrow('401')
    await expect(openSocket(stack.socketUrl, 'ticket=guess')).rejects.toThrow('401')
    await socket.close()
  })

  it('opens one socket when many try the same ticket at once', async () => {
    const ticket = await ticketOf(await bearer(stack, 'viewer'))
    const tries = Array.from({ length: 5 }, () => openSocket(stack.socketUrl, `ticket=${ticket}`))

    const opened = (await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled')

    expect(opened).toHaveLength(1)
    for (const result of opened) if (result.status === 'fulfilled') await result.value.close()
  })

  it('accepts a token as the client’s credentials, over HTTP and the socket', async () => {
    const category = `test.c-${randomUUID()}`
    const { AccessToken } = await signIn(stack, 'viewer')
    const events: Positioned[] = []
    const tidewire = connect({
      httpUrl: stack.httpUrl,
      socketUrl: stack.socketUrl,
      credentials: { token: async () => AccessToken },
    })
    tidewire.subscribe({ channels: [category] }, (positioned) => events.push(positioned as Positioned))

    await expect.poll(() => tidewire.state).toBe('live')
    await publish(stack.httpUrl, { type: 'test.heard', category })

    await expect.poll(() => events.length).toBe(1)
    tidewire.close()
  })

  it('keeps the users and their sessions after a restart', async () => {
    const headers = await bearer(stack, 'publisher')
    const { RefreshToken } = await signIn(stack, 'publisher')
    await stack.stop('SIGKILL')
    await stack.start()

    expect((await get(`${stack.httpUrl}/health`)).status).toBe(200)
    expect((await call('GET', '/events', headers)).status).toBe(200)
    const { body } = await initiateAuth(stack, 'REFRESH_TOKEN_AUTH', { REFRESH_TOKEN: RefreshToken })
    expect(body.AuthenticationResult?.AccessToken).toBeDefined()
  })
})

function claimsOf(token: string): object {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object
}
