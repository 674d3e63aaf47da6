type Serverless = { readonly service: Readonly<Record<string, unknown>> }

/**
 * The Serverless plugin of the local stack. Its command `serverless local` resolves `serverless.yml` as a deployment
 * does, and sends the result to the process that started it (resolve-service.ts), with which it ends.
 */
class TidewireLocalStack {
  readonly commands = {
    local: { usage: 'Sends the resolved service to the local stack', lifecycleEvents: ['resolve'] },
  }
  readonly hooks: Readonly<Record<string, () => Promise<void>>>

  constructor({ service: resolved }: Serverless) {
    process.once('disconnect', () => process.exit())
    // The channel must not keep a framework alive that has failed.
    process.channel?.unref()
    this.hooks = {
      'local:resolve': async () => {
        if (!process.send) throw new Error('This command is a part of `npm start`.')
        // The stack has ended meanwhile, and said why.
        if (!process.connected) process.exit()
        const { service, provider, functions, resources, custom } = resolved
        await new Promise((sent) => process.send?.({ service, provider, functions, resources, custom }, sent))
        process.disconnect()
      },
    }
  }
}

// biome-ignore lint/style/noDefaultExport: the framework loads a plugin by its default export
export default TidewireLocalStack
