import { afterEach, describe, expect, test, vi } from 'vitest'
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

/** A browser whose time of day says that a token is good which the server refuses. Each renewal keeps another one. */
function refused(more: Partial<AuthService> = {}) {
  const given: string[] = []
  const token: AuthService['token'] = async (renew) => {
    const next = kept(3600 + 60 * (given.length + 1))
    if (!renew) return null
    for (const [key, value] of next.items) world.items.set(key, value)
    given.push(next.token)
    return next.token
  }
  const { token: old, items } = kept(3600)
  const world = { ...browser(ADA, { token, ...more }, items), old, given }
  return world
}

test('renews a token that the server refuses, once for all who ask, and stays signed in', async () => {
  const { session, given, old } = refused()
  const tokens = await Promise.all([session.token(old), session.token(old), session.token(old)])
  expect(given).toHaveLength(1)
  expect([new Set(tokens), session.state().status]).toEqual([new Set(given), 'signed_in'])
})

test('gives the new token to a request that was refused with the one before, and renews nothing', async () => {
  const { session, given, items, old } = refused()
  const { token, items: later } = kept(7200)
  for (const [key, value] of later) items.set(key, value)
  expect(await session.token(old)).toBe(token)
  expect(given).toEqual([])
})

test('one refusal, or many of one token, sign nobody out, and delete nothing', async () => {
  const { session, world, items, old, given } = refused()
  const next = await session.token(old)
  const before = [...items]
  for (let time = 0; time < 50; time++) {
    await expect(session.token(next)).rejects.toThrow('does not accept')
    world.elapsed += 1000
  }
  expect([session.state().status, given.length, [...items]]).toEqual(['signed_in', 1, before])
})

test('goes on with the renewed token when the server accepts it after all', async () => {
  const { session, world, old, given } = refused()
  const first = await session.token(old)
  await expect(session.token(first)).rejects.toThrow('does not accept')
  world.elapsed += 3_600_000
  expect(await session.token(first)).toBe(given[1])
  expect(session.state().status).toBe('signed_in')
})

test('asks to sign in when the server refuses the tokens of two renewals, and deletes nothing', async () => {
  const { session, world, items, old } = refused()
  const first = await session.token(old)
  await expect(session.token(first)).rejects.toThrow('does not accept')
  world.elapsed += 61_000
  const second = await session.token(first)
  const before = [...items]
  await expect(session.token(second)).rejects.toThrow('does not accept')
  await settle()
  expect([world.user, [...items]]).toEqual([ADA, before])
  expect(session.state()).toMatchObject({
    status: 'signed_out',
    notice: expect.stringContaining('does not accept your session'),
  })
})

test('asks to sign in when there is nothing left to renew, as after 30 days', async () => {
  const { session, old } = refused({ token: async () => null })
  await expect(session.token(old)).rejects.toThrow('ended')
  expect(session.state()).toMatchObject({ status: 'signed_out', notice: expect.stringContaining('ended') })
})

test('stays signed in when a refused token cannot be renewed because the network is away', async () => {
  const { session, old } = refused({
    token: async () => {
      throw new TypeError('fetch failed')
    },
  })
  await expect(session.token(old)).rejects.toThrow('fetch failed')
  expect(session.state().status).toBe('signed_in')
})

describe('a page that is opened while the identity provider is away', () => {
  const away = async () => {
    throw new TypeError('fetch failed')
  }
  test('says so, and is signed in by itself when the provider is back', async () => {
    vi.useFakeTimers()
    let user: AuthService['user'] = away
    const { session, items } = browser(ADA, { user: () => user() }, kept(-1).items)
    const before = [...items]
    await vi.advanceTimersByTimeAsync(120_000)
    expect(session.state()).toEqual({
      status: 'loading',
      problem: expect.stringContaining('cannot be reached'),
    })
    user = async () => ADA
    await vi.advanceTimersByTimeAsync(30_000)
    expect([session.state(), [...items]]).toEqual([{ status: 'signed_in', user: ADA }, before])
  })

  test('does so at once where the user asks for it, and leaves the wait where they sign in again', async () => {
    let isAway = true
    const user = async () => (isAway ? away() : ADA)
    const { session } = browser(ADA, { user }, kept(-1).items)
    await settle()
    expect(session.state()).toMatchObject({ status: 'loading', problem: expect.any(String) })
    isAway = false
    session.retry()
    await settle()
    expect(session.state()).toEqual({ status: 'signed_in', user: ADA })

    isAway = true
    const { session: other } = browser(ADA, { user }, kept(-1).items)
    await settle()
    other.startAgain()
    expect(other.state()).toEqual({ status: 'signed_out' })
  })

  test('is not signed in by an answer that comes after the user has left the wait', async () => {
    let answer = (_: User) => {}
    const { session } = browser(
      ADA,
      { user: () => new Promise((resolve) => (answer = resolve)) },
      kept(-1).items,
    )
    await settle()
    session.startAgain()
    answer(ADA)
    await settle()
    expect(session.state()).toEqual({ status: 'signed_out' })
  })
})

describe('a provider that never answers', () => {
  const hangs = () => new Promise<never>(() => {})
  test('is given up, and asked again: at the start, for a token and for its chunk', async () => {
    vi.useFakeTimers()
    const calls = { user: 0, token: 0, load: 0 }
    const { session } = browser(
      ADA,
      {
        user: () => (calls.user++ === 0 ? hangs() : Promise.resolve(ADA)),
        token: () => (calls.token++ === 0 ? hangs() : Promise.resolve('late')),
      },
      kept(-1).items,
    )
    await vi.advanceTimersByTimeAsync(60_000)
    expect(session.state()).toEqual({ status: 'signed_in', user: ADA })
    const told = expect(session.token()).rejects.toThrow('no response within 20 s')
    await vi.advanceTimersByTimeAsync(20_000)
    await told
    expect(await session.token()).toBe('late')
  })

  test('does not keep a user from signing in again, nor from signing out', async () => {
    vi.useFakeTimers()
    let signIn: AuthService['signIn'] = hangs
    const { session, items } = browser(null, { signIn: (...given) => signIn(...given), signOut: hangs })
    const told = session.signIn('ada@example.com', 'secret')
    await vi.advanceTimersByTimeAsync(20_000)
    expect(await told).toContain('could not be reached')
    signIn = async () => {
      for (const [key, value] of [[STORED, ADA.name] as const, ...kept(3600).items]) items.set(key, value)
      return 'done'
    }
    expect(await session.signIn('ada@example.com', 'secret')).toBeNull()
    expect(session.state().status).toBe('signed_in')
    const out = session.signOut()
    await vi.advanceTimersByTimeAsync(5000)
    await out
    expect([session.state().status, [...items.keys()]]).toEqual(['signed_out', []])
  })
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
