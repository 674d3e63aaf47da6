import type { SignInOutput } from 'aws-amplify/auth'
import { expect, test } from 'vitest'
import { type AuthenticatorCalls, authenticatorOf, signInSteps } from './sign-in-steps.ts'

type Next = SignInOutput['nextStep']
const DONE: Next = { signInStep: 'DONE' }
const named = (name: string, message = '') => Object.assign(new Error(message), { name })
const details = {
  sharedSecret: 'JBSWY3DP',
  getSetupUri: (app: string, account?: string) =>
    new URL(`otpauth://totp/${app}:${account}?secret=JBSWY3DP&issuer=${app}`),
}
const LINK = 'otpauth://totp/Tidewire:ada%40example.com?secret=JBSWY3DP&issuer=Tidewire'

/** Steps over a user pool that answers each call with the next of `replies`. */
function pool(...replies: readonly (Next | Error)[]) {
  const calls: unknown[] = []
  const left = [...replies]
  const reply = async (input: unknown) => {
    calls.push(input)
    const next = left.shift() ?? named('Unexpected')
    if (next instanceof Error) throw next
    return { nextStep: next }
  }
  const signOut = async () => void calls.push('signOut')
  const steps = signInSteps({ signIn: reply, confirmSignIn: reply, signOut }, { authFlow: 'USER_SRP_AUTH' })
  return { steps, calls }
}

test('signs in with the password alone if no more is asked for', async () => {
  const { steps, calls } = pool(DONE)
  expect(await steps.signIn('ada@example.com', 'secret')).toBe('done')
  expect(calls).toEqual([
    { username: 'ada@example.com', password: 'secret', options: { authFlowType: 'USER_SRP_AUTH' } },
  ])
})

test('signs out the user who is signed in here first', async () => {
  const { steps, calls } = pool(named('UserAlreadyAuthenticatedException'), DONE)
  expect(await steps.signIn('ada@example.com', 'secret')).toBe('done')
  expect(calls[1]).toBe('signOut')
})

test('asks for the code of the authenticator app, again after a wrong one', async () => {
  const { steps, calls } = pool(
    { signInStep: 'CONFIRM_SIGN_IN_WITH_TOTP_CODE' },
    named('CodeMismatchException', 'Invalid code received for user'),
    DONE,
  )
  expect(await steps.signIn('ada@example.com', 'secret')).toEqual({ status: 'code' })
  await expect(steps.answer('000000')).rejects.toMatchObject({
    name: 'SignInError',
    message: 'This code is wrong. Enter the one that the app shows now.',
    mustStartAgain: false,
  })
  expect(await steps.answer('123456')).toBe('done')
  expect(calls.slice(1)).toEqual([{ challengeResponse: '000000' }, { challengeResponse: '123456' }])
})

test('has an invited user choose a password, and then set up an app if that is required', async () => {
  const { steps } = pool(
    { signInStep: 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED' },
    { signInStep: 'CONTINUE_SIGN_IN_WITH_TOTP_SETUP', totpSetupDetails: details },
    DONE,
  )
  expect(await steps.signIn('ada@example.com', 'of-the-invitation')).toEqual({ status: 'new_password' })
  expect(await steps.answer('my-own-password')).toEqual({
    status: 'authenticator',
    secret: 'JBSWY3DP',
    link: LINK,
  })
  expect(await steps.answer('123456')).toBe('done')
})

test('begins again when the session of the sign-in has expired', async () => {
  const { steps } = pool(
    { signInStep: 'CONFIRM_SIGN_IN_WITH_TOTP_CODE' },
    named('NotAuthorizedException', 'Invalid session for the user, session is expired.'),
  )
  await steps.signIn('ada@example.com', 'secret')
  await expect(steps.answer('123456')).rejects.toMatchObject({
    message: 'This took too long. Sign in again.',
    mustStartAgain: true,
  })
})

test.each<[Next, string]>([
  [{ signInStep: 'RESET_PASSWORD' }, 'must be reset'],
  [{ signInStep: 'CONFIRM_SIGN_UP' }, 'not confirmed yet'],
  [{ signInStep: 'CONFIRM_SIGN_IN_WITH_SMS_CODE' }, 'does not support (CONFIRM_SIGN_IN_WITH_SMS_CODE)'],
])('explains the step that it cannot do: %j', async (next, sentence) => {
  await expect(pool(next).steps.signIn('ada@example.com', 'secret')).rejects.toThrow(sentence)
})

/** A signed-in user; `calls` collects what changes their codes. */
function signedIn(more: Partial<AuthenticatorCalls> = {}) {
  const calls: unknown[] = []
  const note = async (input: unknown) => void calls.push(input)
  const authenticator = authenticatorOf({
    fetchAuthSession: async () => ({
      tokens: { accessToken: { payload: { username: 'ada@example.com' }, toString: () => '' } },
    }),
    setUpTOTP: async () => details,
    verifyTOTPSetup: note,
    updateMFAPreference: note,
    fetchMFAPreference: async () => ({ enabled: ['TOTP'] }),
    ...more,
  })
  return { authenticator, calls }
}

test('a signed-in user sets up an app: its codes are asked for once one has proved it', async () => {
  const { authenticator, calls } = signedIn()
  expect(await authenticator.begin()).toEqual({ secret: 'JBSWY3DP', link: LINK })
  await authenticator.confirm('123456')
  expect(calls).toEqual([{ code: '123456' }, { totp: 'PREFERRED' }])
  expect(await authenticator.isOn()).toBe(true)
})

test('a wrong code turns nothing on', async () => {
  const { authenticator, calls } = signedIn({
    verifyTOTPSetup: () => Promise.reject(named('EnableSoftwareTokenMFAException', 'Code mismatch')),
  })
  await expect(authenticator.confirm('000000')).rejects.toThrow('This code is wrong.')
  expect(calls).toEqual([])
})

test('codes can be turned off, and a session that has ended is told', async () => {
  const { authenticator, calls } = signedIn({
    fetchMFAPreference: () =>
      Promise.reject(named('NotAuthorizedException', 'Access Token has been revoked')),
  })
  await authenticator.turnOff()
  expect(calls).toEqual([{ totp: 'DISABLED' }])
  await expect(authenticator.isOn()).rejects.toThrow('Your session has ended. Sign in again.')
})
