import { mkdirSync, writeFileSync } from 'node:fs'

/** The part of the framework that is used here. */
type Framework = {
  readonly service: { readonly functions: Readonly<Record<string, { package?: { artifact?: string } }>> }
}

/** A ZIP archive without files: the record that ends its directory. */
const EMPTY_ZIP = Buffer.from('504b0506'.padEnd(44, '0'), 'hex')

/**
 * A plugin of the framework that takes the place of the bundler (TIDEWIRE_PLUGIN): each function has the same empty
 * archive. So only the template is packaged, which takes a second instead of ten.
 */
class TemplatePlugin {
  readonly hooks: Readonly<Record<string, () => void>>

  constructor({ service }: Framework) {
    this.hooks = {
      'before:package:createDeploymentArtifacts': () => {
        mkdirSync('.serverless', { recursive: true })
        const artifact = '.serverless/empty.zip'
        writeFileSync(artifact, EMPTY_ZIP)
        for (const entry of Object.values(service.functions)) entry.package = { artifact }
      },
    }
  }
}

// biome-ignore lint/style/noDefaultExport: the framework loads a plugin by its default export
export default TemplatePlugin
