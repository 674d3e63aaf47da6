import { afterEach, expect, test, vi } from 'vitest'
import { type AuthService, openSession, type User } from './session.ts'
import { explainSignIn } from './sign-in-error.ts'

const IDENTITY = { userPoolId: 'local_p', clientId: 'web', authFlow: 'USER_SRP_AUTH' } as const
const STORED = 'CognitoIdentityServiceProvider.web.LastAuthUser'
const ADA: User = { name: 'ada@example.com', role: 'operator' }
const KEY = { secret: 'JBSW', link: 'otpauth://totp/Tidewire:ada?secret=JBSW' }

/** A browser with aws-amplify's place in it: `user` is whose tokens are stored. */
function browser(
  stored: User | null,
  given: Partial<AuthService> = {},
  more: readonly (readonly [string, string])[] = [],
) {
  const items = new Map<string, string>([...(stored ? [[STORED, stored.name] as const] : []), ...more])
  const world = { user: stored, loads: 0, states: [] as string[], signedIn: [] as string[], elapsed: 1e9 }
  const enter = (user: User | null) => {
    world.user = user
    if (user) items.set(STORED, user.name)
    else items.delete(STORED)
  }
  const service: AuthService = {
    user: async () => world.user,
    token: async () => world.user && `token of ${world.user.name}`,
    signIn: async (name) => {
      world.signedIn.push(name)
      enter(ADA)
      return 'done'
    },
    answer: async () => {
      enter(ADA)
      return 'done'
    },
    signOut: async () => enter(null),
    authenticator: {
      isOn: async () => false,
      begin: async () => KEY,
      confirm: async () => {},
      turnOff: async () => {},
    },
    ...given,
  }
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    get length() {
      return items.size
    },
    key: (index: number) => [...items.keys()][index] ?? null,
    removeItem: (key: string) => void items.delete(key),
  } as Storage
  const session = openSession(
    IDENTITY,
    async () => {
      world.loads++
      return service
    },
    storage,
    () => world.elapsed,
  )
  world.states.push(session.state().status)
  session.subscribe(() => world.states.push(session.state().status))
  return { session, world, enter, items }
}
/** What aws-amplify keeps of Ada. */
const kept = (seconds: number, drift = 0) => {
  const claims = {
    username: ADA.name,
    exp: Date.now() / 1000 + seconds,
    'cognito:groups': ['operator', 'viewer'],
  }
  const token = `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`
  const prefix = `CognitoIdentityServiceProvider.web.${ADA.name}`
  return {
    token,
    items: [
      [`${prefix}.accessToken`, token],
      [`${prefix}.clockDrift`, String(drift)],
    ] as const,
  }
}
afterEach(() => void vi.useRealTimers())
const settle = () => new Promise((resolve) => setTimeout(resolve))

test('shows the form at once, and loads nothing, where nobody is remembered', () => {
  const { session, world } = browser(null)
  expect(session.state()).toEqual({ status: 'signed_out' })
  expect(world.loads).toBe(0)
})

test('goes on as the user whom the browser remembers', async () => {
  const { session, world } = browser(ADA)
  await settle()
  expect(world.states).toEqual(['loading', 'signed_in'])
  expect(session.state()).toEqual({ status: 'signed_in', user: ADA })
  expect(await session.token()).toBe('token of ada@example.com')
})

test('is there at once, without aws-amplify, while the stored token is good', async () => {
  vi.useFakeTimers()
  const { token, items } = kept(3600)
  const { session, world } = browser(ADA, {}, items)
  expect(session.state()).toEqual({ status: 'signed_in', user: ADA })
  expect(await session.token()).toBe(token)
  expect(world.loads).toBe(0)

  vi.setSystemTime(Date.now() + 3_590_000)
  expect(await session.token()).toBe('token of ada@example.com')
  expect(world.loads).toBe(1)
})

test('loads aws-amplify later, for the first refresh and for signing out', async () => {
  vi.useFakeTimers()
  const { session, world } = browser(ADA, {}, kept(3600).items)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(world.loads).toBe(1)
  await session.signOut()
  expect(session.state()).toEqual({ status: 'signed_out' })
})

test.each([
  ['has ended', kept(-1).items],
  ['ends in a moment', kept(30).items],
  ['has ended by the server’s clock', kept(3600, 3_600_000).items],
  ['cannot be read', [[kept(1).items[0][0], 'what is this?']] as const],
])('asks aws-amplify about a stored token that %s', async (_, items) => {
  const { session, world } = browser(ADA, {}, items)
  expect(session.state()).toEqual({ status: 'loading' })
  await settle()
  expect(session.state()).toEqual({ status: 'signed_in', user: ADA })
  expect(world.loads).toBe(1)
})

test('signs in, whatever the case of the address, and out', async () => {
  const { session, world } = browser(null)
  expect(await session.signIn(' Ada@Example.com ', 'secret')).toBeNull()
  expect(world.signedIn).toEqual(['ada@example.com'])
  expect(session.state()).toEqual({ status: 'signed_in', user: ADA })
  await session.signOut()
  expect(session.state()).toEqual({ status: 'signed_out' })
})

test.each([
  ['that cannot sign out', { signOut: () => Promise.reject(new Error('offline')) }],
  ['that signs out and forgets to delete', { signOut: async () => {} }],
])('deletes every token of the app with a provider %s, and nothing else', async (_, given) => {
  const { session, items } = browser(ADA, given, [...kept(3600).items, ['theme', 'dark']])
  await session.signOut('The server could not be told.')
  expect([...items.keys()]).toEqual(['theme'])
  expect(session.state()).toEqual({ status: 'signed_out', notice: 'The server could not be told.' })
})

test('says what is wrong and stays at the form', async () => {
  const refuse = async () => {
    throw explainSignIn(
      Object.assign(new Error('Incorrect username or password.'), { name: 'NotAuthorizedException' }),
    )
  }
  const { session } = browser(null, { signIn: refuse })
  expect(await session.signIn('ada@example.com', 'guess')).toBe(
    'The e-mail address or the password is wrong.',
  )
  expect(session.state()).toEqual({ status: 'signed_out' })
})

test('asks for a new password where an administrator made the first', async () => {
  const { session, world } = browser(null, { signIn: async () => ({ status: 'new_password' }) })
  expect(await session.signIn('ada@example.com', 'first')).toBeNull()
  expect(session.state().status).toBe('new_password')
  expect(await session.answer('second')).toBeNull()
  expect(world.states).toEqual(['signed_out', 'new_password', 'signed_in'])
})

test('goes through all steps: a new password, an authenticator app, in', async () => {
  const answers: string[] = []
  const { session, world, enter } = browser(null, {
    signIn: async () => ({ status: 'new_password' }),
    answer: async (text) => {
      answers.push(text)
      if (answers.length === 1) return { status: 'authenticator', ...KEY }
      enter(ADA)
      return 'done'
    },
  })
  await session.signIn('ada@example.com', 'first')
  await session.answer('second')
  expect(session.state()).toEqual({ status: 'authenticator', ...KEY })
  await session.answer('123456')
  expect(answers).toEqual(['second', '123456'])
  expect(world.states).toEqual(['signed_out', 'new_password', 'authenticator', 'signed_in'])
})

const failing = (name: string, message: string) => async () => {
  throw explainSignIn(Object.assign(new Error(message), { name }))
}

test('stays at the code if it is wrong, and goes back to the form if the user wants to', async () => {
  const { session } = browser(null, {
    signIn: async () => ({ status: 'code' }),
    answer: failing('CodeMismatchException', 'Invalid code received for user'),
  })
  await session.signIn('ada@example.com', 'secret')
  expect(await session.answer('000000')).toContain('This code is wrong.')
  expect(session.state()).toEqual({ status: 'code' })
  session.startAgain()
  expect(session.state()).toEqual({ status: 'signed_out' })
})

test.each([
  ['NotAuthorizedException', 'Invalid session for the user, session is expired.'],
  ['SignInException', 'signIn was not called before confirmSignIn.'],
])(
  'goes back to the form, with the reason, if the user pool has forgotten the sign-in (%s)',
  async (...error) => {
    const { session } = browser(null, {
      signIn: async () => ({ status: 'code' }),
      answer: failing(...error),
    })
    await session.signIn('ada@example.com', 'secret')
    expect(await session.answer('123456')).toBeNull()
    expect(session.state()).toEqual({ status: 'signed_out', notice: 'This took too long. Sign in again.' })
  },
)

test('says that the session has ended when there is no token any more', async () => {
  const { session, enter } = browser(ADA)
  await settle()
  enter(null)
  await expect(session.token()).rejects.toThrow('session has ended')
  expect(session.state()).toEqual({ status: 'signed_out', notice: 'Your session has ended. Sign in again.' })
})

/** A browser whose time of day says that a token is good which the server refuses. `renewed` counts renewals. */
function refused(more: Partial<AuthService> = {}) {
  const renewed: string[] = []
  const token: AuthService['token'] = async (renew) => {
    if (renew) renewed.push('token')
    return renew ? `renewed ${renewed.length}` : null
  }
  return { ...browser(ADA, { token, ...more }, kept(3600).items), renewed }
}

test('renews a token that the server refuses, once for all who ask, and stays signed in', async () => {
  const { session, renewed, world } = refused()
  expect(await Promise.all([session.renew(), session.renew()])).toEqual([true, true])
  world.elapsed += 2000
  expect(await session.renew()).toBe(true) // of a request that was sent with the token before
  expect(renewed).toHaveLength(1)
  world.elapsed += 3_600_000
  expect(await session.renew()).toBe(true)
  expect([renewed.length, session.state().status]).toEqual([2, 'signed_in'])
})

test('ends the session when the server refuses even a renewed token, and deletes what is stored', async () => {
  const { session, renewed, world } = refused()
  await session.renew()
  world.elapsed += 10_000
  expect(await session.renew()).toBe(false)
  await settle()
  expect([renewed.length, world.user]).toEqual([1, null])
  expect(session.state()).toMatchObject({
    status: 'signed_out',
    notice: expect.stringContaining('ended'),
  })
})

test('asks to sign in when there is nothing left to renew, as after 30 days', async () => {
  const { session } = refused({ token: async () => null })
  expect(await session.renew()).toBe(false)
  expect(session.state()).toMatchObject({ status: 'signed_out', notice: expect.stringContaining('ended') })
})

test('stays signed in when a refused token cannot be renewed because the network is away', async () => {
  const { session } = refused({
    token: async () => {
      throw new TypeError('fetch failed')
    },
  })
  expect(await session.renew()).toBe(false)
  expect(session.state().status).toBe('signed_in')
})

test('signs nobody out because the network is away', async () => {
  const away = async () => {
    throw new TypeError('fetch failed')
  }
  const { session } = browser(ADA, { token: away })
  await settle()
  await expect(session.token()).rejects.toThrow('fetch failed')
  expect(session.state().status).toBe('signed_in')
})

test.each([
  ['NotAuthorizedException', 'Password attempts exceeded', 'Too many attempts'],
  ['NotAuthorizedException', 'User is disabled.', 'disabled'],
  ['UserNotFoundException', 'User does not exist.', 'address or the password is wrong'],
  ['InvalidPasswordException', 'Password not long enough', 'Password not long enough'],
  ['NotAuthorizedException', 'Temporary password has expired and must be reset', 'invitation has expired'],
  ['EnableSoftwareTokenMFAException', 'Code mismatch', 'code is wrong'],
  ['ExpiredCodeException', 'Your software token has already been used once.', 'used already'],
  ['NetworkError', 'A network error has occurred.', 'could not be reached'],
  ['Other', 'Boom', 'Sign-in failed: Boom'],
])('explains %s: %s', (name, message, sentence) => {
  const error = explainSignIn(Object.assign(new Error(message), { name }))
  expect(error.message).toContain(sentence)
})
