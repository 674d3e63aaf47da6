import { WILDCARDS } from '../../infra/access/wildcards.ts'

const BEGIN = '<!-- The wildcards: `npm run generate` writes them from infra/access/wildcards.ts. -->'
const END = '<!-- The end of the wildcards. -->'

/** Returns a page with the wildcards of the roles between its two marks. Throws if it has no such marks. */
export function withWildcards(page: string): string {
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error('The page has no place for the wildcards.')
  const rows = WILDCARDS.map(
    ({ actions, resource, reason }) =>
      `| ${actions.map((action) => `\`${action}\``).join(', ')} | \`${resource}\` | ${reason} |`,
  )
  const lines = ['| actions | resource, or its end | why |', '| --- | --- | --- |', ...rows]
  return `${before}${BEGIN}\n\n${lines.join('\n')}\n\n${END}${after}`
}
