import { randomUUID } from 'node:crypto'
import { buildPage } from './build-page.ts'
import { readPage } from './page-files.ts'
import { CHANGED_BY_UPLOADS, pageConfig, removePage, uploadPage } from './upload-page.ts'

/** The configuration of a client of the AWS SDK: region, credentials, retries and proxy of the framework. */
type ClientConfig = { readonly region: string }

/** What this plugin uses of the framework. */
type Serverless = {
  getProvider(name: 'aws'): {
    getAwsSdkV3Config(): Promise<ClientConfig>
    readonly naming: { getStackName(): string }
  }
}
type Utils = { readonly log: { readonly notice: (line: string) => void } }

/**
 * The Serverless plugin that puts the web page into the bucket of the stage after `serverless deploy`, and empties the
 * bucket before `serverless remove`, which cannot delete a bucket with files. `serverless page` uploads the page alone.
 */
class TidewirePage {
  readonly commands = {
    page: { usage: 'Builds the web page and uploads it to the stage', lifecycleEvents: ['upload'] },
  }
  readonly hooks: Readonly<Record<string, () => Promise<void>>>

  constructor(serverless: Serverless, _options: unknown, { log }: Utils) {
    const upload = async () => {
      log.notice(await uploadTo(await createClients(serverless)))
    }
    this.hooks = {
      'page:upload': upload,
      // Also where nothing else has changed, since the last upload may have failed.
      'after:deploy:deploy': upload,
      'before:remove:remove': async () => {
        const { stack, storeOf } = await createClients(serverless)
        const { outputs, isProtected } = (await stack()) ?? {}
        // The framework refuses to remove a protected stack, whose page then stays.
        if (outputs?.WebBucket === undefined || isProtected) return
        log.notice(`${await removePage(storeOf(outputs.WebBucket))} files of the web page were removed`)
      },
    }
  }
}

type Clients = Awaited<ReturnType<typeof createClients>>

/** The SDK is loaded only when it is needed: the framework loads plugins for every command. */
async function createClients(serverless: Serverless) {
  const provider = serverless.getProvider('aws')
  const [{ S3Client }, { CloudFormationClient }, front, { s3PageStore }, { readStack }, config] =
    await Promise.all([
      import('@aws-sdk/client-s3'),
      import('@aws-sdk/client-cloudformation'),
      import('@aws-sdk/client-cloudfront'),
      import('./s3-page-store.ts'),
      import('../read-stack.ts'),
      provider.getAwsSdkV3Config(),
    ])
  // Names of buckets are parts of host names at AWS only.
  const s3 = new S3Client({ ...config, forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined })
  return {
    storeOf: (bucket: string) => s3PageStore(s3, bucket),
    stack: () => readStack(new CloudFormationClient(config), provider.naming.getStackName()),
    /** Has the edges of a distribution ask for these paths again. */
    async forget(DistributionId: string, paths: readonly string[]): Promise<void> {
      const Paths = { Quantity: paths.length, Items: [...paths] }
      const InvalidationBatch = { CallerReference: randomUUID(), Paths }
      await new front.CloudFrontClient(config).send(
        new front.CreateInvalidationCommand({ DistributionId, InvalidationBatch }),
      )
    },
  }
}

/** Builds and uploads the page. Returns what was done, in a line. */
async function uploadTo({ stack, storeOf, forget }: Clients): Promise<string> {
  const { outputs = {} } = (await stack()) ?? {}
  const { WebBucket, WebDistributionId, WebUrl } = outputs
  if (WebBucket === undefined || WebDistributionId === undefined)
    throw new Error('the stack has no web page: deploy it first')
  const files = await readPage(await buildPage())
  const { put, removed } = await uploadPage({ files, config: pageConfig(outputs), store: storeOf(WebBucket) })
  await forget(WebDistributionId, CHANGED_BY_UPLOADS)
  return `Web page: ${WebUrl} (${put.length} files uploaded, ${removed.length} of old releases removed)`
}

// biome-ignore lint/style/noDefaultExport: the framework loads a plugin by its default export
export default TidewirePage
