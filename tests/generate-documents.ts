import { writeFile } from 'node:fs/promises'
import { asyncapiDocument } from '#shared/api/asyncapi.ts'
import { openapiDocument } from '#shared/api/openapi.ts'
import { domains } from '#shared/domain/catalog.ts'

/** `npm run generate`: updates the documents in docs/ that are generated from the schemas. */
const documents = { openapi: openapiDocument(domains), asyncapi: asyncapiDocument(domains) }
for (const [name, document] of Object.entries(documents)) {
  await writeFile(`docs/${name}.json`, `${JSON.stringify(document, null, 2)}\n`)
  process.stdout.write(`docs/${name}.json\n`)
}
