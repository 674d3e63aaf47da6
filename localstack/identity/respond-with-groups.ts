import type { AccessCheck } from '../access/access-check.ts'
import { accessKeyIn } from '../access/caller.ts'
import { DamagedDataError, isObject, readDataObject } from '../trouble/damaged-data.ts'
import { lastResponse } from './last-response.ts'
import { emailOf, POOL_ARN } from './user-pool.ts'

type Options = {
  /** Where the emulator stores the pool, once it ran. */
  readonly poolFile: string
  /** The groups of the pool. Each has one user from the beginning. */
  readonly groups: readonly string[]
  readonly check: AccessCheck
}

/** What is needed here of the pool, as the emulator stores it. */
type Pool = {
  readonly Users?: Readonly<Record<string, { readonly Enabled: boolean }>>
  readonly Groups?: Readonly<Record<string, { readonly members?: readonly string[] }>>
}

const ACTION = 'ListUsersInGroup'
const SIZE = /^content-length: *(\d+)\r$/im
const AUTHORIZATION = /^authorization: *(.+)\r$/im

/**
 * Makes what responds to `ListUsersInGroup` for an emulator that has not started: the function `people` asks every minute,
 * and the emulator need not start for that. It returns null for every other request, for one whose body is not whole, and
 * for one that a role does not allow, which the emulator then refuses.
 */
export function groupResponder({ poolFile, groups, check }: Options): (begin: string) => string | null {
  return (begin) => {
    const end = begin.indexOf('\r\n\r\n')
    const head = begin.slice(0, end + 2)
    if (end === -1 || !begin.startsWith('POST / ') || !head.includes(`.${ACTION}\r\n`)) return null
    const body = begin.slice(end + 4)
    if (body.length !== Number(SIZE.exec(head)?.[1])) return null
    const accessKey = accessKeyIn(AUTHORIZATION.exec(head)?.[1])
    if (check({ accessKey, action: `cognito-idp:${ACTION}`, resource: POOL_ARN }) !== null) return null
    const { GroupName = '' } = JSON.parse(body) as { readonly GroupName?: string }
    if (!groups.includes(GroupName)) return null
    return lastResponse({ Users: usersOf(GroupName, readPool(poolFile)) })
  }
}

/** The users of a group. The emulator seeds what is missing when it starts, so that is there as well. */
function usersOf(group: string, { Users = {}, Groups = {} }: Pool) {
  const seeded = { [emailOf(group)]: { Enabled: true } }
  const known = { ...seeded, ...Users }
  const members = Groups[group]?.members ?? Object.keys(seeded)
  return members.flatMap((Username) => {
    const user = known[Username]
    return user === undefined ? [] : [{ Username, Enabled: user.Enabled }]
  })
}

const REMEDY = 'Delete it: the users begin again as they were at first.'

/** Returns what the emulator stores of a pool, empty before it ran. Throws DamagedDataError. */
export function readPool(file: string): Pool {
  const pool = readDataObject(file, REMEDY) ?? {}
  for (const name of ['Users', 'Groups'])
    if (pool[name] !== undefined && !isObject(pool[name]))
      throw new DamagedDataError(file, `its ${name} are no object`, REMEDY)
  return pool as Pool
}
