import { expect, test } from 'vitest'
import { finishSignIn } from './finish-sign-in.ts'

const stepOf = (signInStep: string) => ({ nextStep: { signInStep } })
const CODE = stepOf('CONFIRM_SIGN_IN_WITH_TOTP_CODE')
const DONE = stepOf('DONE')

/** A user pool that takes the code 123456. */
function pool() {
  const taken: string[] = []
  const confirm = async ({ challengeResponse }: { readonly challengeResponse: string }) => {
    taken.push(challengeResponse)
    if (challengeResponse === '123456') return DONE
    throw Object.assign(new Error('Invalid code received for user'), { name: 'CodeMismatchException' })
  }
  return { confirm, taken }
}

test('asks for nothing if the password was enough', async () => {
  const { confirm, taken } = pool()
  await finishSignIn(DONE, { confirm, askCode: null })
  expect(taken).toEqual([])
})

test('sends the code, without the blank that apps show in it', async () => {
  const { confirm, taken } = pool()
  await finishSignIn(CODE, { confirm, askCode: async () => '123 456' })
  expect(taken).toEqual(['123456'])
})

test.each([
  ['000000', 'the code is wrong or was used already'],
  ['12345', 'the six digits'],
])('refuses the code %s, with what to do', async (code, message) => {
  await expect(finishSignIn(CODE, { ...pool(), askCode: async () => code })).rejects.toThrow(message)
})

test('says where a code can be given, if not here', async () => {
  await expect(finishSignIn(CODE, { ...pool(), askCode: null })).rejects.toThrow(
    '`tidewire token` takes its code',
  )
})

test.each([
  ['CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED', 'sign in on the web page first, which asks for a new one'],
  ['CONTINUE_SIGN_IN_WITH_TOTP_SETUP', 'sign in on the web page first, which shows the key'],
  ['RESET_PASSWORD', 'ask an administrator'],
  ['CONFIRM_SIGN_IN_WITH_SMS_CODE', 'CONFIRM_SIGN_IN_WITH_SMS_CODE is a step that Tidewire does not support'],
])('says what to do about %s', async (signInStep, message) => {
  await expect(
    finishSignIn(stepOf(signInStep), { ...pool(), askCode: async () => '123456' }),
  ).rejects.toThrow(message)
})
