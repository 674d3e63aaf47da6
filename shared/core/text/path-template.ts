/**
 * Returns the parameters of a path for a template such as `/events/{id}`, or null if it does not match. A parameter is
 * one segment that is not empty. API Gateway has decoded the path, so a value with a slash is not one segment any more.
 */
export function matchPath(template: string, path: string): Record<string, string> | null {
  const wanted = template.split('/')
  const segments = path.split('/')
  if (wanted.length !== segments.length) return null
  const parameters: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const segment = segments[index] ?? ''
    const [, name] = /^\{(\w+)\}$/.exec(part) ?? []
    if (name === undefined) {
      if (part !== segment) return null
      continue
    }
    if (segment === '') return null
    parameters[name] = segment
  }
  return parameters
}
