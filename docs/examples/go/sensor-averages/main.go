// Averages of the last 5 minutes of every sensor, computed by a consumer of our own from the topic sensor-readings.
//
// Tidewire keeps the same averages in its view "sensors". This is how any other program reads the log beside it: in a
// consumer group of its own, which takes nothing away from anybody else.
//
//	go run ./sensor-averages                    continues where the group stopped, prints what changes
//	go run ./sensor-averages --from-beginning   replays the topic first
//	go run ./sensor-averages --until-end        stops at the end of the topic and prints one summary
//	go run ./sensor-averages --group another    a second group, which reads all of it again
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

type options struct {
	brokers, topic, group   string
	fromBeginning, untilEnd bool
}

func main() {
	var read options
	flag.StringVar(&read.brokers, "brokers", "localhost:9092", "brokers, separated by commas")
	flag.StringVar(&read.topic, "topic", "sensor-readings", "")
	flag.StringVar(&read.group, "group", "sensor-averages-go", "the consumer group, which remembers how far it has read")
	flag.BoolVar(&read.fromBeginning, "from-beginning", false, "read the topic from its beginning")
	flag.BoolVar(&read.untilEnd, "until-end", false, "stop at what is the end of the topic at the start")
	flag.Parse()

	// After Ctrl-C the records that were read are counted and committed, and the member leaves its group.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, read); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, options options) error {
	seeds := kgo.SeedBrokers(strings.Split(options.brokers, ",")...)
	from, until, err := rangesOf(ctx, options.topic, seeds)
	if err != nil {
		return fmt.Errorf("%s: no offsets of %s: %w", options.brokers, options.topic, err)
	}
	position := &positions{topic: options.topic, earliest: from, rewind: options.fromBeginning, next: map[int32]int64{}}
	client, err := kgo.NewClient(
		seeds,
		kgo.ConsumerGroup(options.group),
		kgo.ConsumeTopics(options.topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.AdjustFetchOffsetsFn(position.begin),
		// Committed after the work: what a crash interrupts is read again. A partition is handed to another member only
		// between two polls.
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		// A marker of a transaction takes an offset too, which may be the last one of the topic.
		kgo.KeepControlRecords(),
	)
	if err != nil {
		return err
	}
	defer client.CloseAllowingRebalance()

	sums := newAverages()
	for ctx.Err() == nil && !(options.untilEnd && position.isAt(until)) {
		if err := readOnce(ctx, client, sums, position, !options.untilEnd); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(sums.summary())
}

// readOnce counts what one poll returns, and commits it.
func readOnce(ctx context.Context, client *kgo.Client, sums *averages, position *positions, print bool) error {
	polling, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	fetches := client.PollFetches(polling)
	defer client.AllowRebalance()
	for _, failed := range fetches.Errors() {
		if polling.Err() == nil {
			return fmt.Errorf("partition %d of %s: %w", failed.Partition, failed.Topic, failed.Err)
		}
	}
	fetches.EachRecord(func(record *kgo.Record) {
		position.move(record)
		if sensor := sums.add(record); sensor != "" && print {
			fmt.Println(sensor, sums.of(sensor))
		}
	})
	return client.CommitUncommittedOffsets(context.WithoutCancel(ctx))
}

// rangesOf returns the first offset of each partition of a topic, and the one after its last.
func rangesOf(ctx context.Context, topic string, seeds kgo.Opt) (from, until map[int32]int64, err error) {
	client, err := kgo.NewClient(seeds)
	if err != nil {
		return nil, nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	admin := kadm.NewClient(client)
	offsets := func(list func(context.Context, ...string) (kadm.ListedOffsets, error)) (map[int32]int64, error) {
		listed, err := list(ctx, topic)
		if err == nil {
			err = listed.Error()
		}
		byPartition := map[int32]int64{}
		listed.Each(func(one kadm.ListedOffset) { byPartition[one.Partition] = one.Offset })
		return byPartition, err
	}
	if from, err = offsets(admin.ListStartOffsets); err != nil {
		return nil, nil, err
	}
	until, err = offsets(admin.ListEndOffsets)
	return from, until, err
}

// positions is the next offset of each partition that this member has. The client asks it where to begin from a
// goroutine of its own.
type positions struct {
	topic    string
	earliest map[int32]int64
	rewind   bool
	mutex    sync.Mutex
	next     map[int32]int64
}

// begin decides where the partitions begin that the member was given: where the group stopped, or at the beginning of
// the topic if that is asked for and this run has not read it yet.
func (p *positions) begin(_ context.Context, given map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for partition, committed := range given[p.topic] {
		_, known := p.next[partition]
		offset := committed.EpochOffset().Offset
		if p.rewind && !known {
			offset = 0
		}
		p.next[partition] = max(offset, p.earliest[partition])
		given[p.topic][partition] = kgo.NewOffset().At(p.next[partition])
	}
	return given, nil
}

func (p *positions) move(record *kgo.Record) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.next[record.Partition] = record.Offset + 1
}

// isAt reports whether every partition of this member is at the given offsets. The test is made when it has some.
func (p *positions) isAt(until map[int32]int64) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for partition, next := range p.next {
		if next < until[partition] {
			return false
		}
	}
	return len(p.next) > 0
}
