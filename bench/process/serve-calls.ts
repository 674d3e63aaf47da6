/** What a child process can be called for. */
export type Handlers = Readonly<Record<string, (argument: never) => Promise<unknown>>>
export type Call = { readonly id: number; readonly name: string; readonly argument: unknown }
export type Answer = { readonly id: number; readonly value?: unknown; readonly error?: string }

/** The side of the child: serves the calls of the process that has started this one, and ends with it. */
export function serveCalls(handlers: Handlers): void {
  process.on('message', async ({ id, name, argument }: Call) => {
    const answer = await run(
      handlers[name] as ((argument: unknown) => Promise<unknown>) | undefined,
      argument,
    )
      .then((value): Answer => ({ id, value }))
      .catch(
        (error: unknown): Answer => ({ id, error: error instanceof Error ? error.message : String(error) }),
      )
    process.send?.(answer)
  })
  process.once('disconnect', () => process.exit())
}

async function run(handler: ((argument: unknown) => Promise<unknown>) | undefined, argument: unknown) {
  if (handler === undefined) throw new Error('there is no such call')
  return handler(argument)
}

/** The data that `startCallee` was given. */
export function dataOfParent<Data>(): Data {
  return JSON.parse(process.argv[2] ?? 'null') as Data
}
