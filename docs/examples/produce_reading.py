"""Writes a sensor reading straight into Kafka, as a CloudEvent.

    python3 produce_reading.py --sensor quay-1 --temperature 21.4 --humidity 63
    python3 produce_reading.py --sensor quay-1 --temperature 21.4 --mode structured

Tidewire stores, pushes and folds it as it does with events over HTTP; what is no event, or a reading that cannot be,
ends up in the dead letters. Needs kafka-python (Debian: apt-get install python3-kafka).
"""

import argparse
import json
import uuid
from datetime import datetime, timezone

from kafka import KafkaProducer


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--brokers", default="localhost:9092")
    parser.add_argument("--topic", default="sensor-readings")
    parser.add_argument("--sensor", required=True)
    parser.add_argument("--temperature", type=float)
    parser.add_argument("--humidity", type=float)
    parser.add_argument("--mode", choices=["binary", "structured"], default="binary")
    options = parser.parse_args()

    measured = {"temperature": options.temperature, "humidity": options.humidity}
    data = {"sensorId": options.sensor, **{name: value for name, value in measured.items() if value is not None}}
    # Id and source together name the event: sending the same pair again adds nothing. Category and severity are
    # derived from the type and the data.
    context = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": "/python",
        "type": "sensor.reading",
        "subject": options.sensor,
        "time": datetime.now(timezone.utc).isoformat(),
        "datacontenttype": "application/json",
    }
    if options.mode == "binary":
        # https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
        attributes = {name: value for name, value in context.items() if name != "datacontenttype"}
        headers = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
        headers.append(("content-type", b"application/json"))
        value = data
    else:
        headers = [("content-type", b"application/cloudevents+json")]
        value = {**context, "data": data}

    # acks="all": answered only when the event is durable. The key keeps the order of each sensor.
    producer = KafkaProducer(bootstrap_servers=options.brokers, acks="all")
    sent = producer.send(
        options.topic, key=options.sensor.encode(), value=json.dumps(value).encode(), headers=headers
    ).get(30)
    print(json.dumps({"id": context["id"], "topic": sent.topic, "partition": sent.partition, "offset": sent.offset}))
    producer.close()


if __name__ == "__main__":
    main()
