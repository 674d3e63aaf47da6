/** Signing in failed. The message is a sentence for the user. */
export class SignInError extends Error {
  override readonly name = 'SignInError'
}

const WRONG = 'The e-mail address or the password is wrong.'
const TOO_MANY = 'Too many attempts. Wait a few minutes and try again.'

/** Messages by the error names of Cognito and aws-amplify. */
const SENTENCES: Readonly<Record<string, string>> = {
  UserNotFoundException: WRONG,
  PasswordResetRequiredException: 'This password must be reset. Ask an administrator.',
  UserNotConfirmedException: 'This account is not confirmed yet. Ask an administrator.',
  TooManyRequestsException: TOO_MANY,
  TooManyFailedAttemptsException: TOO_MANY,
  LimitExceededException: TOO_MANY,
  EmptySignInUsername: 'Enter your e-mail address.',
  EmptySignInPassword: 'Enter your password.',
  EmptyChallengeResponse: 'Enter a new password.',
  NetworkError: 'The sign-in service could not be reached. Check the connection and try again.',
}

/** Explains an error of signing in, or of setting a new password, in a sentence for the user. */
export function explainSignIn(cause: unknown): SignInError {
  const { name, message } = cause instanceof Error ? cause : { name: '', message: String(cause) }
  return new SignInError(sentenceOf(name, message), { cause })
}

function sentenceOf(name: string, message: string): string {
  const known = SENTENCES[name]
  if (known) return known
  // Cognito uses this name for several errors.
  if (name === 'NotAuthorizedException') {
    if (/attempts exceeded/i.test(message)) return TOO_MANY
    if (/disabled/i.test(message)) return 'This account is disabled. Ask an administrator.'
    if (/expired/i.test(message))
      return 'This took too long, or the temporary password has expired. Start again.'
    return WRONG
  }
  // Cognito's message names the rule that the new password violates.
  if (name === 'InvalidPasswordException') return message
  return `Sign-in failed: ${message}`
}
