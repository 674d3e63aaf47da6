import { bootStack, type Stack } from './boot-stack.ts'
import { muteRouteList } from './patch-serverless-offline.ts'
import type { Service } from './service.ts'
import { readSettings } from './settings.ts'

/** The Serverless plugin that boots the local stack before `serverless offline start` and stops it after. */
class TidewireLocalStack {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>

  constructor(serverless: { readonly service: Service }) {
    let stack: Stack | null = null
    let unmute = () => {}
    this.hooks = {
      'before:offline:start:init': async () => {
        stack = await bootStack(serverless.service, readSettings(process.env))
        unmute = muteRouteList()
      },
      'after:offline:start:init': async () => {
        unmute()
        await stack?.announce()
      },
      'before:offline:start:end': async () => stack?.stop(),
    }
  }
}

// biome-ignore lint/style/noDefaultExport: the framework loads a plugin by its default export
export default TidewireLocalStack
