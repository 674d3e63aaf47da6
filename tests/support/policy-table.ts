import { ACTIONS, CHANNELS, type ChannelLine } from '#shared/core/access/policy.ts'
import { ROLES } from '#shared/core/access/role.ts'

const BEGIN = '<!-- The policy: `npm run generate` writes it from shared/core/access/policy.ts. -->'
const END = '<!-- The end of the policy. -->'

/** Returns a page with the tables of the policy between its two marks. Throws if it has no such marks. */
export function withPolicy(page: string): string {
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error('The page has no place for the policy.')
  return `${before}${BEGIN}\n\n${actionTable()}\n\n${channelTable()}\n\n${END}${after}`
}

function actionTable(): string {
  const rows = Object.entries(ACTIONS).map(([action, lowest]) => [
    `\`${action}\``,
    ...ROLES.map((role) => (ROLES.indexOf(role) >= ROLES.indexOf(lowest) ? 'yes' : '')),
  ])
  return table(['action', ...ROLES], rows)
}

function channelTable(): string {
  const rows = CHANNELS.map(({ channels, read, publish, types }) => [
    `\`${channels}\``,
    wordsOf(read),
    wordsOf(publish),
    types?.map((type) => `\`${type}\``).join(', ') ?? 'any',
  ])
  return table(['channels', 'read by', 'written by', 'types'], rows)
}

function wordsOf({ from, owner }: ChannelLine['read']): string {
  const who = [owner && 'its user', from && (from === 'admin' ? 'admins' : `${from}s and higher`)].filter(
    Boolean,
  )
  return who.length > 0 ? who.join(', ') : 'nobody: only the pipeline'
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}
