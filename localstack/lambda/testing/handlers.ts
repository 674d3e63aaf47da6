// Functions that the tests of the host load.

const loadedWith = process.env.SETTING
const loadedAs = process.env.AWS_LAMBDA_FUNCTION_NAME

export async function echo(event: object, context: object) {
  return { event, context, loadedWith, loadedAs }
}

export async function wait(_: unknown, { getRemainingTimeInMillis }: { getRemainingTimeInMillis(): number }) {
  await new Promise((resolve) => setTimeout(resolve, getRemainingTimeInMillis() + 60_000).unref())
}

export function fail({ message }: { readonly message?: string }) {
  if (message === undefined) throw 'no error'
  throw new TypeError(message)
}

export async function leaveError() {
  setImmediate(() => {
    throw new Error('left behind')
  })
  void Promise.reject(new Error('also left behind'))
}

export async function reply(event: { readonly answer: unknown }) {
  return event.answer
}

export async function circle() {
  const self: { self?: unknown } = {}
  self.self = self
  return self
}

export async function large() {
  return 'x'.repeat(7 * 1024 * 1024)
}

export const text = 'no function'
