import { useSearchState } from '#web/ui/state/use-search-state.ts'
import { TopicList } from './topic-list.tsx'
import { TopicView } from './topic-view.tsx'

/** The topics of Kafka, or the one that the address names with its records. */
export function TopicsTab() {
  const [{ topic = '' }] = useSearchState()
  return topic === '' ? <TopicList /> : <TopicView key={topic} name={topic} />
}
