import type { Access } from './read-access.ts'
import type { RecordedCall } from './record-calls.ts'

/** The services whose emulators judge calls. What else a policy has, such as the log group, is used by Lambda itself. */
const JUDGED = ['dynamodb', 'execute-api', 'lambda', 'cognito-idp']

/** Something that a role allows: an action on a resource, and, where there is a condition on keys, one of its patterns. */
export type RoleGrant = {
  readonly role: string
  readonly action: string
  readonly resource: string
  readonly key: string | null
}

/** Returns what the roles allow and no recorded call needed, each once. Functions that share a role share its grants. */
export function unusedGrants({ functions }: Access, calls: readonly RecordedCall[]): readonly RoleGrant[] {
  const roleOf = new Map(Object.values(functions).map(({ name, role }) => [name, role]))
  const used = new Set(
    calls
      .filter(({ isAllowed }) => isAllowed)
      .flatMap(({ function: name, action, resource, keys }) =>
        (keys.length > 0 ? keys : [null]).map((key) =>
          identityOf({ role: roleOf.get(name) ?? '', action, resource: nameOf(resource), key }),
        ),
      ),
  )
  const granted = Object.values(functions).flatMap(({ role, statements }) =>
    statements
      .filter(({ isDeny }) => !isDeny)
      .flatMap(({ actions, resources, keys }) =>
        actions
          .filter((action) => JUDGED.some((service) => action.startsWith(`${service}:`)))
          .flatMap((action) =>
            resources.flatMap((resource) =>
              (keys === null || keys.isExcept ? [null] : keys.patterns).map((key) => ({
                role,
                action,
                resource: nameOf(resource),
                key,
              })),
            ),
          ),
      ),
  )
  const distinct = new Map(granted.map((grant) => [identityOf(grant), grant]))
  return [...distinct].filter(([identity]) => !used.has(identity)).map(([, grant]) => grant)
}

/** The last part of an ARN, without the connection of a post, which policies leave open. */
function nameOf(resource: string): string {
  const [, , , , , ...rest] = resource.split(':')
  return rest.join(':').replace(/@connections\/.*$/, '@connections')
}

function identityOf({ role, action, resource, key }: RoleGrant): string {
  return JSON.stringify([role, action, resource, key])
}
