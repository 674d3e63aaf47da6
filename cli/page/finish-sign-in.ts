/** A step of a sign-in, by the names of aws-amplify. */
type Step = { readonly nextStep: { readonly signInStep: string } }

/** Returns the code that the authenticator app of the user shows now. */
export type AskCode = () => Promise<string>

type Options = {
  /** The `confirmSignIn` of aws-amplify. */
  readonly confirm: (answer: { readonly challengeResponse: string }) => Promise<Step>
  /** Null where a code cannot be given. */
  readonly askCode: AskCode | null
}

/** What to do about the steps that only the page has, or that an administrator must end. */
const ADVICE: Readonly<Record<string, string>> = {
  CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED:
    'the password is that of the invitation: sign in on the web page first, which asks for a new one',
  CONTINUE_SIGN_IN_WITH_TOTP_SETUP:
    'an authenticator app must be set up: sign in on the web page first, which shows the key for it',
  RESET_PASSWORD: 'the password must be reset: ask an administrator',
  CONFIRM_SIGN_UP: 'the account is not confirmed yet: ask an administrator',
}
const WRONG_CODE = ['CodeMismatchException', 'ExpiredCodeException']

/** Goes through the steps after the password. Throws an Error that says what to do if one of them cannot be done here. */
export async function finishSignIn({ nextStep }: Step, { confirm, askCode }: Options): Promise<void> {
  const { signInStep } = nextStep
  if (signInStep === 'DONE') return
  if (signInStep !== 'CONFIRM_SIGN_IN_WITH_TOTP_CODE')
    throw new Error(ADVICE[signInStep] ?? `${signInStep} is a step that Tidewire does not support`)
  if (askCode === null)
    throw new Error(
      'the account has two-step sign-in: `tidewire token` takes its code, and prints a token to give as --token',
    )
  const code = (await askCode()).replaceAll(/\s/g, '')
  if (!/^\d{6}$/.test(code))
    throw new Error('the code must be the six digits that the authenticator app shows')
  const after = await confirm({ challengeResponse: code }).catch((cause: Error) => {
    if (!WRONG_CODE.includes(cause.name)) throw cause
    throw new Error('the code is wrong or was used already: try again with the next one', { cause })
  })
  return finishSignIn(after, { confirm, askCode: null })
}
