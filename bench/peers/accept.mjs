import { listen, startProducer } from './kafka.mjs'
import { takeEvents } from './take-events.mjs'

// What takes events in front of Centrifugo, which reads them from Kafka: the header names the channel.

listen(takeEvents(await startProducer(({ category }) => ({ 'centrifugo-channels': category }))))
