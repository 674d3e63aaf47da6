import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'

/** Makes the function that calls a Lambda function by its name and does not wait for what it does; locally at `endpoint`. */
export function functionCaller(name: string, endpoint: string | undefined) {
  const client = new LambdaClient({
    maxAttempts: 2,
    ...(endpoint !== undefined && {
      ...{ endpoint, region: 'local', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } },
    }),
  })
  return async (payload: object): Promise<void> => {
    const Payload = JSON.stringify(payload)
    await client.send(new InvokeCommand({ FunctionName: name, InvocationType: 'Event', Payload }))
  }
}
