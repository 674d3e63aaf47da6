/**
 * The parts of serverless.yml that depend on the parameters of a stage, for `${file(infra/sections.cjs):name}`. The
 * framework loads CommonJS; what it gets is computed in sections.ts.
 */
const NAMES = [
  'environment',
  'allowedOrigins',
  'vpc',
  'functions',
  'resources',
  'observability',
  'rollback',
  'topicRetention',
]

const section = (name) => async (variables) => {
  const { resolveSection } = await import('./sections.ts')
  return resolveSection(name, variables)
}

module.exports = Object.fromEntries(NAMES.map((name) => [name, section(name)]))
