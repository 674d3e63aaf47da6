/** Signing in failed. The message is a sentence for the user. */
export class SignInError extends Error {
  override readonly name = 'SignInError'
  /** Whether the user pool has forgotten this sign-in, so that no further answer can succeed. */
  readonly mustStartAgain: boolean

  constructor(message: string, options: { mustStartAgain?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.mustStartAgain = options.mustStartAgain ?? false
  }
}

const WRONG = 'The e-mail address or the password is wrong.'
const WRONG_CODE = 'This code is wrong. Enter the one that the app shows now.'
const TOO_MANY = 'Too many attempts. Wait a few minutes and try again.'
const TOO_LONG = 'This took too long. Sign in again.'

/** Messages by the error names of Cognito and aws-amplify. */
const SENTENCES: Readonly<Record<string, string>> = {
  UserNotFoundException: WRONG,
  PasswordResetRequiredException: 'This password must be reset. Ask an administrator.',
  UserNotConfirmedException: 'This account is not confirmed yet. Ask an administrator.',
  CodeMismatchException: WRONG_CODE,
  // The same, when an app is set up: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_VerifySoftwareToken.html
  EnableSoftwareTokenMFAException: WRONG_CODE,
  ExpiredCodeException: 'This code was used already, or is too old. Wait for the next one of the app.',
  SoftwareTokenMFANotFoundException: 'No two-step sign-in is set up for this account. Ask an administrator.',
  TooManyRequestsException: TOO_MANY,
  TooManyFailedAttemptsException: TOO_MANY,
  LimitExceededException: TOO_MANY,
  EmptySignInUsername: 'Enter your e-mail address.',
  EmptySignInPassword: 'Enter your password.',
  EmptyChallengeResponse: 'Fill in the field.',
  NetworkError: 'The sign-in service could not be reached. Check the connection and try again.',
}

/** Explains an error of signing in, or of one of its steps, in a sentence for the user. */
export function explainSignIn(cause: unknown): SignInError {
  const { name, message } = nameOf(cause)
  // aws-amplify has this name for a sign-in that it does not know, as after a reload of the page.
  if (name === 'SignInException' || /invalid session|session is expired/i.test(message))
    return new SignInError(TOO_LONG, { mustStartAgain: true, cause })
  return new SignInError(sentenceOf(name, message), { cause })
}

/** Explains an error of setting up an authenticator app, when the user is signed in. */
export function explainSetup(cause: unknown): SignInError {
  const { name, message } = nameOf(cause)
  if (name === 'NotAuthorizedException' || name === 'UserUnAuthenticatedException')
    return new SignInError('Your session has ended. Sign in again.', { cause })
  return new SignInError(SENTENCES[name] ?? `This failed: ${message}`, { cause })
}

function nameOf(cause: unknown): { readonly name: string; readonly message: string } {
  return cause instanceof Error ? cause : { name: '', message: String(cause) }
}

function sentenceOf(name: string, message: string): string {
  const known = SENTENCES[name]
  if (known) return known
  // Cognito uses this name for several errors.
  if (name === 'NotAuthorizedException') {
    if (/attempts exceeded/i.test(message)) return TOO_MANY
    if (/disabled/i.test(message)) return 'This account is disabled. Ask an administrator.'
    if (/temporary password/i.test(message))
      return 'The password of the invitation has expired. Ask an administrator for another one.'
    if (/expired/i.test(message)) return 'This took too long. Start again.'
    return WRONG
  }
  // Cognito's message names the rule that the new password violates.
  if (name === 'InvalidPasswordException') return message
  return `Sign-in failed: ${message}`
}
