// A worker with franz-go: produces, transacts, consumes and processes. See history.py for its arguments and settings; what it says is in
// the format of checker/history.ts.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var ctx = context.Background()

func common() []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(bootstrap),
		kgo.RetryBackoffFn(func(int) time.Duration { return 100 * time.Millisecond }),
		kgo.Dialer(dial),
		kgo.MetadataMinAge(100 * time.Millisecond),
	}
}

// dial waits for the broker: franz-go takes a refused connection for the end of a request when there is no other broker to ask.
func dial(ctx context.Context, network, host string) (net.Conn, error) {
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		connection, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, host)
		if err == nil || !errors.Is(err, syscall.ECONNREFUSED) || ctx.Err() != nil || time.Now().After(until) {
			return connection, err
		}
	}
}

// sender is a producer that says what it sends and what is acknowledged.
type sender struct {
	client       *kgo.Client
	acknowledged runs
	room         chan struct{}
	sent         int
	failed       atomic.Bool
}

func produceOptions() []kgo.Opt {
	lingers := []time.Duration{0, 2 * time.Millisecond, 10 * time.Millisecond}
	codecs := []kgo.CompressionCodec{kgo.NoCompression(), kgo.SnappyCompression(), kgo.Lz4Compression()}
	return []kgo.Opt{
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(lingers[random.Intn(3)]),
		kgo.ProducerBatchCompression(codecs[random.Intn(3)]),
	}
}

func newSender(client *kgo.Client) *sender {
	return &sender{client: client, acknowledged: runs{kind: "a"}, room: make(chan struct{}, outstanding)}
}

func (s *sender) burst(to topic, partition int32, count int, source string) {
	say("s %d %d %d %d %d%s", nowUs(), to.number, partition, s.sent, count, source)
	for range count {
		index := s.sent
		s.sent++
		s.room <- struct{}{}
		record := &kgo.Record{Topic: to.name, Partition: partition, Value: value(index)}
		s.client.Produce(ctx, record, func(made *kgo.Record, err error) {
			<-s.room
			if err != nil {
				s.failed.Store(true)
				return
			}
			s.acknowledged.add(to.number, made.Partition, made.Offset, 0, index)
		})
	}
	s.acknowledged.write()
}

// flush is true when nothing waits any more: what is left over would go into the next transaction.
func (s *sender) flush(limit time.Duration) bool {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := s.client.Flush(limited)
	s.acknowledged.write()
	return err == nil
}

func produce() {
	client, err := kgo.NewClient(append(common(), produceOptions()...)...)
	must(err, "connect")
	s, p, count := newSender(client), newPace(), 0
	for p.wait(count) {
		to := topics[random.Intn(len(topics))]
		count = p.burst()
		s.burst(to, random.Int31n(to.partitions), count, "")
	}
	s.flush(60 * time.Second)
	client.Close()
}

func transactional() []kgo.Opt {
	return append(produceOptions(), kgo.TransactionalID(settings["transactional"]), kgo.TransactionTimeout(10*time.Second))
}

func transact() {
	client, err := kgo.NewClient(append(common(), transactional()...)...)
	must(err, "connect")
	s, p, sent := newSender(client), newPace(), 0
	for number := 0; p.wait(sent); number++ {
		sent = 0
		s.failed.Store(false)
		must(client.BeginTransaction(), "begin")
		say("b %d %d", nowUs(), number)
		for range 1 + random.Intn(4) {
			to, count := topics[random.Intn(len(topics))], p.burst()
			s.burst(to, random.Int31n(to.partitions), count, "")
			sent += count
		}
		if random.Float64() < 0.2 {
			s.flush(10 * time.Second)
		}
		if random.Float64() >= share("aborts", 0.15) {
			isFlushed := s.flush(30 * time.Second)
			if isFlushed && !s.failed.Load() && commit(client, number) {
				continue
			}
		}
		say("x %d %d", nowUs(), number)
		must(client.AbortBufferedRecords(ctx), "abort what is buffered")
		must(client.EndTransaction(ctx, kgo.TryAbort), "abort %d", number)
		s.acknowledged.write()
		say("X %d %d", nowUs(), number)
	}
	client.Close()
}

// commit is false when the transaction must be aborted instead.
func commit(client *kgo.Client, number int) bool {
	say("c %d %d", nowUs(), number)
	err := client.EndTransaction(ctx, kgo.TryCommit)
	if errors.Is(err, kerr.OperationNotAttempted) || errors.Is(err, kerr.TransactionAbortable) {
		return false
	}
	must(err, "commit %d", number)
	say("C %d %d", nowUs(), number)
	return true
}

func memberOptions() []kgo.Opt {
	names := make([]string, len(topics))
	for at, one := range topics {
		names[at] = one.name
	}
	fetch, _ := strconv.Atoi(settings["fetch"])
	balancer := kgo.RangeBalancer()
	if settings["assignor"] == "cooperative-sticky" {
		balancer = kgo.CooperativeStickyBalancer()
	}
	isolation := kgo.ReadUncommitted()
	if settings["isolation"] == "committed" {
		isolation = kgo.ReadCommitted()
	}
	revoked := func(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
		eachPartition(lost, func(topic int, partition int32) { say("R %d %d %d", nowUs(), topic, partition) })
	}
	options := []kgo.Opt{
		kgo.ConsumerGroup(settings["group"]),
		kgo.ConsumeTopics(names...),
		kgo.Balancers(balancer),
		kgo.FetchIsolationLevel(isolation),
		kgo.FetchMaxPartitionBytes(int32(fetch)),
		kgo.FetchMaxWait(100 * time.Millisecond),
		kgo.SessionTimeout(3 * time.Second),
		kgo.HeartbeatInterval(500 * time.Millisecond),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, added map[string][]int32) { assigned(added) }),
		kgo.OnPartitionsRevoked(revoked),
		kgo.OnPartitionsLost(revoked),
	}
	if settings["protocol"] == "consumer" {
		options = append(options, kgo.ServerSideBalancer())
	}
	return options
}

func assigned(added map[string][]int32) {
	eachPartition(added, func(topic int, partition int32) { say("A %d %d %d -1", nowUs(), topic, partition) })
}

func eachPartition(list map[string][]int32, call func(topic int, partition int32)) {
	for name, partitions := range list {
		for _, partition := range partitions {
			call(numbers[name], partition)
		}
	}
}

// take says what was polled, and returns the positions after it.
func take(polled *runs, found []*kgo.Record) map[string]map[int32]kgo.EpochOffset {
	ends := map[string]map[int32]kgo.EpochOffset{}
	for _, record := range found {
		process, index := placeOf(record.Value)
		polled.add(numbers[record.Topic], record.Partition, record.Offset, process, index)
		if ends[record.Topic] == nil {
			ends[record.Topic] = map[int32]kgo.EpochOffset{}
		}
		ends[record.Topic][record.Partition] = kgo.EpochOffset{Epoch: record.LeaderEpoch, Offset: record.Offset + 1}
	}
	polled.write()
	return ends
}

func tell(kind string, ends map[string]map[int32]kgo.EpochOffset) {
	for name, partitions := range ends {
		for partition, end := range partitions {
			say("%s %d %d %d %d", kind, nowUs(), numbers[name], partition, end.Offset)
		}
	}
}

func consume() {
	client, err := kgo.NewClient(append(common(), memberOptions()...)...)
	must(err, "connect")
	polled := &runs{kind: "r"}
	for stopped.Err() == nil {
		found := client.PollRecords(stopped, 500).Records()
		ends := take(polled, found)
		if len(found) > 0 && random.Float64() >= 0.2 {
			commitOffsets(client, ends)
		}
		client.AllowRebalance()
	}
	client.CloseAllowingRebalance()
}

func commitOffsets(client *kgo.Client, ends map[string]map[int32]kgo.EpochOffset) {
	limited, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tell("K", ends)
	client.CommitOffsetsSync(limited, ends, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error) {
		if err != nil {
			return // The broker is away or the group moves: the values come again.
		}
		for _, one := range answer.Topics {
			for _, partition := range one.Partitions {
				if partition.ErrorCode == 0 {
					end := ends[one.Topic][partition.Partition]
					say("k %d %d %d %d", nowUs(), numbers[one.Topic], partition.Partition, end.Offset)
				}
			}
		}
	})
}

func process() {
	output := topicOf(settings["output"])
	numbers[output.name] = output.number
	options := append(append(common(), memberOptions()...), transactional()...)
	session, err := kgo.NewGroupTransactSession(append(options, kgo.RequireStableFetchOffsets())...)
	must(err, "connect")
	s, polled := newSender(session.Client()), &runs{kind: "r"}
	for number := 0; stopped.Err() == nil; {
		found := session.PollRecords(stopped, 200).Records()
		ends := take(polled, found)
		if len(found) == 0 {
			session.AllowRebalance()
			continue
		}
		work(session, s, found, output, number)
		isAborted := s.failed.Load() || random.Float64() < share("aborts", 0.15)
		if isAborted {
			say("x %d %d", nowUs(), number)
		} else {
			tell("K", ends)
			say("c %d %d", nowUs(), number)
		}
		isCommitted, err := session.End(ctx, kgo.TransactionEndTry(!isAborted))
		s.acknowledged.write()
		must(err, "end %d", number)
		if isCommitted {
			say("C %d %d", nowUs(), number)
			tell("k", ends)
		} else {
			say("X %d %d", nowUs(), number)
			// The session has gone back to what is committed.
			for name, partitions := range ends {
				for partition := range partitions {
					say("A %d %d %d -1", nowUs(), numbers[name], partition)
				}
			}
		}
		number++
	}
	session.CloseAllowingRebalance()
}

// work sends a result for each value, in a transaction.
func work(session *kgo.GroupTransactSession, s *sender, found []*kgo.Record, output topic, number int) {
	s.failed.Store(false)
	must(session.Begin(), "begin")
	say("b %d %d", nowUs(), number)
	// A rebalance from here on aborts the transaction. It must not wait for the end: End waits for a heartbeat, and none comes
	// while a member that has to join again waits to be allowed to.
	session.AllowRebalance()
	partition, start := random.Int31n(output.partitions), 0
	for at := 1; at <= len(found); at++ {
		process, index := placeOf(found[at-1].Value)
		if at < len(found) {
			if nextProcess, nextIndex := placeOf(found[at].Value); nextProcess == process && nextIndex == index+1 {
				continue
			}
		}
		process, index = placeOf(found[start].Value)
		s.burst(output, partition, at-start, fmt.Sprintf(" %d %d", process, index))
		start = at
	}
	if !s.flush(30 * time.Second) {
		s.failed.Store(true)
	}
}

func must(err error, what string, arguments ...any) {
	if err != nil {
		giveUp("%s: %v", fmt.Sprintf(what, arguments...), err)
	}
}

func main() {
	readArguments()
	roles := map[string]func(){"produce": produce, "transact": transact, "consume": consume, "process": process}
	roles[role]()
	os.Exit(0)
}
