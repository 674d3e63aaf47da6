import type { Emission, SimulatedEvent } from '#shared/domain/define-domain.ts'

const AUTHORS = ['ada', 'bo', 'chen', 'dara'] as const
const SUBJECTS = [
  'Spring tides',
  'The night shift',
  'Reefer alarms',
  'A ship too long',
  'Fog at the quay',
] as const
const ANGLES = [
  'explained',
  'in numbers',
  'seen from the tower',
  'and what we learned',
  'a short history',
] as const
const TAGS = ['tides', 'people', 'safety', 'ships', 'weather', 'machines'] as const
/** A post changes every 4 seconds on average. */
const MEAN_WAIT_MS = 4000
/** How many posts change at the same time; older ones no longer change. */
const DESK = 12

type Draft = { readonly postId: string; readonly author: string; readonly isPublished: boolean }

function pick<Item>(items: readonly [Item, ...Item[]], random: () => number): Item {
  return items[Math.floor(random() * items.length)] ?? items[0]
}

/** Simulates authors: posts are created, changed, published, unpublished and sometimes deleted. */
export function* simulateBlog(random: () => number, begin: number): Generator<SimulatedEvent> {
  const day = new Date(begin).toISOString().slice(0, 10)
  let desk: Draft[] = []
  for (let n = 1; ; n++) {
    const waitMs = Math.round(2 * MEAN_WAIT_MS * random())
    const draft = desk.length > 2 && random() < 0.8 ? desk[Math.floor(random() * desk.length)] : undefined
    const [event, after] = draft ? work(draft, random) : start(`post-${day}-${n}`, random)
    desk = [...desk.filter((one) => one !== draft), ...(after ? [after] : [])].slice(-DESK)
    yield { waitMs, event }
  }
}

function start(postId: string, random: () => number): [Emission, Draft] {
  const [author, title] = [pick(AUTHORS, random), `${pick(SUBJECTS, random)}, ${pick(ANGLES, random)}`]
  const slug = title.toLowerCase().replaceAll(/[^a-z]+/g, '-')
  const data = { title, slug, author, excerpt: `${title}.`, tags: [pick(TAGS, random)] }
  return [eventOf('created', { postId, author }, data), { postId, author, isPublished: false }]
}

function work(draft: Draft, random: () => number): [Emission, Draft | null] {
  const { isPublished } = draft
  const choice = random()
  if (choice < 0.55) {
    const excerpt = `${pick(SUBJECTS, random)}, ${pick(ANGLES, random)}.`
    return [eventOf('updated', draft, { excerpt, tags: [pick(TAGS, random)] }), draft]
  }
  if (choice > 0.93) return [eventOf('deleted', draft), null]
  if (isPublished && choice < 0.85) return [eventOf('updated', draft, { tags: [pick(TAGS, random)] }), draft]
  return [eventOf(isPublished ? 'unpublished' : 'published', draft), { ...draft, isPublished: !isPublished }]
}

function eventOf(
  verb: string,
  { postId, author }: { postId: string; author: string },
  more: object = {},
): Emission {
  return { type: `blog.post.${verb}`, subject: postId, data: { postId, ...more, by: author } }
}
