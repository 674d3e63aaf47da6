import { readFile, writeFile } from 'node:fs/promises'
import { asyncapiDocument } from '#shared/api/asyncapi.ts'
import { openapiDocument } from '#shared/api/openapi.ts'
import { domains } from '#shared/domain/catalog.ts'
import { withMetrics } from './support/metrics-table.ts'
import { withPolicy } from './support/policy-table.ts'
import { formatNotices, NOTICES, packagesOfFunctions, packagesOfPage } from './support/third-party.ts'
import { withWildcards } from './support/wildcards-table.ts'

/** `npm run generate`: updates what is generated: documents, and the notices that ship with the functions and the page. */
const documents = { openapi: openapiDocument(domains), asyncapi: asyncapiDocument(domains) }
const files = {
  [NOTICES.functions]: formatNotices('the functions of Tidewire', await packagesOfFunctions()),
  [NOTICES.page]: formatNotices('the web page of Tidewire', await packagesOfPage()),
  'docs/telemetry.md': withMetrics(await readFile('docs/telemetry.md', 'utf8')),
  'docs/security.md': withWildcards(withPolicy(await readFile('docs/security.md', 'utf8'))),
}
for (const [path, text] of Object.entries(files)) {
  await writeFile(path, text)
  process.stdout.write(`${path}\n`)
}
for (const [name, document] of Object.entries(documents)) {
  await writeFile(`docs/${name}.json`, `${JSON.stringify(document, null, 2)}\n`)
  process.stdout.write(`docs/${name}.json\n`)
}
