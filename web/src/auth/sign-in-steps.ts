import type {
  AuthSession,
  ConfirmSignInInput,
  FetchMFAPreferenceOutput,
  SignInInput,
  SignInOutput,
  UpdateMFAPreferenceInput,
} from 'aws-amplify/auth'
import type { Authenticator, AuthService, Identity, SignInStep } from './session.ts'
import { explainSetup, explainSignIn, SignInError } from './sign-in-error.ts'

/** What an authenticator app shows beside its codes. */
const APP_NAME = 'Tidewire'

type NextStep = Pick<SignInOutput, 'nextStep'>
/** How aws-amplify describes the key that an authenticator app makes its codes of. */
type SetupDetails = {
  readonly sharedSecret: string
  readonly getSetupUri: (appName: string, accountName?: string) => { toString(): string }
}

/** The functions of aws-amplify that a sign-in calls. */
export type SignInCalls = {
  readonly signIn: (input: SignInInput) => Promise<NextStep>
  readonly confirmSignIn: (input: ConfirmSignInInput) => Promise<NextStep>
  readonly signOut: () => Promise<void>
}

/** Signs in step by step, as the user pool asks. Every error is a SignInError. */
export function signInSteps(
  calls: SignInCalls,
  { authFlow }: Pick<Identity, 'authFlow'>,
): Pick<AuthService, 'signIn' | 'answer'> {
  let user = ''
  async function settle(signingIn: Promise<NextStep>): Promise<SignInStep | 'done'> {
    const { nextStep } = await signingIn.catch((cause: unknown) => {
      throw explainSignIn(cause)
    })
    return stepOf(nextStep, user)
  }
  return {
    signIn: (name, password) => {
      user = name
      const start = () => calls.signIn({ username: name, password, options: { authFlowType: authFlow } })
      return settle(
        start().catch(async (error: unknown) => {
          if ((error as Error).name !== 'UserAlreadyAuthenticatedException') throw error
          await calls.signOut()
          return start()
        }),
      )
    },
    answer: (text) => settle(calls.confirmSignIn({ challengeResponse: text })),
  }
}

function stepOf(next: SignInOutput['nextStep'], user: string): SignInStep | 'done' {
  switch (next.signInStep) {
    case 'DONE':
      return 'done'
    case 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED':
      return { status: 'new_password' }
    case 'CONFIRM_SIGN_IN_WITH_TOTP_CODE':
      return { status: 'code' }
    case 'CONTINUE_SIGN_IN_WITH_TOTP_SETUP':
      return { status: 'authenticator', ...keyOf(next.totpSetupDetails, user) }
    // aws-amplify makes steps of these two errors.
    case 'RESET_PASSWORD':
      throw explainSignIn(Object.assign(new Error(), { name: 'PasswordResetRequiredException' }))
    case 'CONFIRM_SIGN_UP':
      throw explainSignIn(Object.assign(new Error(), { name: 'UserNotConfirmedException' }))
    default:
      throw new SignInError(
        `This account requires a sign-in step that this page does not support (${next.signInStep}).`,
      )
  }
}

function keyOf({ sharedSecret, getSetupUri }: SetupDetails, user: string) {
  return { secret: sharedSecret, link: getSetupUri(APP_NAME, encodeURIComponent(user)).toString() }
}

/** The functions of aws-amplify with which a signed-in user sets up an authenticator app. */
export type AuthenticatorCalls = {
  readonly fetchAuthSession: () => Promise<Pick<AuthSession, 'tokens'>>
  readonly setUpTOTP: () => Promise<SetupDetails>
  readonly verifyTOTPSetup: (input: { readonly code: string }) => Promise<void>
  readonly updateMFAPreference: (input: UpdateMFAPreferenceInput) => Promise<void>
  readonly fetchMFAPreference: () => Promise<FetchMFAPreferenceOutput>
}

/** The codes of the signed-in user. Every error is a SignInError. */
export function authenticatorOf(calls: AuthenticatorCalls): Authenticator {
  async function explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw explainSetup(cause)
    }
  }
  return {
    isOn: () => explained(async () => (await calls.fetchMFAPreference()).enabled?.includes('TOTP') ?? false),
    begin: () =>
      explained(async () => {
        const details = await calls.setUpTOTP()
        const { tokens } = await calls.fetchAuthSession()
        return keyOf(details, String(tokens?.accessToken.payload.username ?? ''))
      }),
    confirm: (code) =>
      explained(async () => {
        await calls.verifyTOTPSetup({ code })
        // Cognito asks for codes only once they are preferred.
        await calls.updateMFAPreference({ totp: 'PREFERRED' })
      }),
    turnOff: () => explained(() => calls.updateMFAPreference({ totp: 'DISABLED' })),
  }
}
