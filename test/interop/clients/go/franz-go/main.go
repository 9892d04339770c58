// franz-go against a broker.
package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	. "github.com/moldau-stream/moldau/test/interop/interop"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

var ctx = context.Background()

func connect(bootstrap string, options ...kgo.Opt) *kgo.Client {
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(bootstrap),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchMaxBytes(1_000_000),
		kgo.ProducerLinger(20 * time.Millisecond),
	}, options...)...)
	Must(err, "connect")
	return client
}

func create(bootstrap, name string, partitions int32, configs map[string]*string) string {
	client := connect(bootstrap)
	defer client.Close()
	topic := TopicName(name)
	_, err := kadm.NewClient(client).CreateTopic(ctx, partitions, 1, configs, topic)
	Must(err, "create %s", topic)
	return topic
}

func produce(bootstrap, topic string, wanted []Record, firstMs int64, options ...kgo.Opt) []int64 {
	client := connect(bootstrap, options...)
	defer client.Close()
	made := make([]*kgo.Record, len(wanted))
	for index, record := range wanted {
		made[index] = &kgo.Record{Topic: topic, Key: record.Key, Value: record.Value, Timestamp: time.UnixMilli(firstMs + int64(index))}
		for _, header := range record.Headers {
			made[index].Headers = append(made[index].Headers, kgo.RecordHeader{Key: header.Key, Value: header.Value})
		}
	}
	deadline, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	results := client.ProduceSync(deadline, made...)
	Must(results.FirstErr(), "produce")
	offsets := make([]int64, len(made))
	for index, record := range made {
		offsets[index] = record.Offset
	}
	return offsets
}

func consume(bootstrap, topic string, count int, from int64, options ...kgo.Opt) []*kgo.Record {
	where := map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(from)}}
	client := connect(bootstrap, append([]kgo.Opt{kgo.ConsumePartitions(where)}, options...)...)
	defer client.Close()
	deadline, cancel := context.WithTimeout(ctx, 40*time.Second)
	defer cancel()
	var found []*kgo.Record
	for len(found) < count {
		fetches := client.PollFetches(deadline)
		Must(fetches.Err(), "fetch after %d of %d", len(found), count)
		found = append(found, fetches.Records()...)
	}
	return found
}

func asRecords(found []*kgo.Record) []Record {
	made := make([]Record, len(found))
	for index, record := range found {
		made[index] = Record{Key: record.Key, Value: record.Value}
		for _, header := range record.Headers {
			made[index].Headers = append(made[index].Headers, Header{Key: header.Key, Value: header.Value})
		}
	}
	return made
}

func thereAndBack(bootstrap, name string, wanted []Record, options ...kgo.Opt) string {
	topic := create(bootstrap, name, 1, nil)
	offsets := produce(bootstrap, topic, wanted, FirstMs, options...)
	found := consume(bootstrap, topic, len(wanted), 0)
	SameRecords(asRecords(found), wanted)
	for index, record := range found {
		Equal(offsets[index], int64(index), "offset produced")
		Equal(record.Offset, int64(index), "offset consumed")
		Equal(record.Timestamp.UnixMilli(), FirstMs+int64(index), "timestamp")
	}
	late := consume(bootstrap, topic, len(wanted)-7, 7)
	SameRecords(asRecords(late), wanted[7:])
	return ""
}

func codec(name string, codec kgo.CompressionCodec) Case {
	return func(bootstrap string) string {
		return thereAndBack(bootstrap, "codec-"+name, Records(240), kgo.ProducerBatchCompression(codec))
	}
}

func group(name string, balancer kgo.GroupBalancer) Case {
	return func(bootstrap string) string {
		topic := create(bootstrap, name, 6, nil)
		producer := connect(bootstrap, kgo.ProducerLinger(0))
		defer producer.Close()
		send := func(partition int32, value string) {
			record := &kgo.Record{Topic: topic, Partition: partition, Value: []byte(value)}
			Must(producer.ProduceSync(ctx, record).FirstErr(), "produce")
		}
		return RebalancingGroup(func() *Member { return startMember(bootstrap, topic, "g/"+topic, balancer) }, send)
	}
}

func startMember(bootstrap, topic, group string, balancer kgo.GroupBalancer, options ...kgo.Opt) *Member {
	member := &Member{}
	revoke := func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { member.Revoke(lost[topic]...) }
	client := connect(bootstrap, append([]kgo.Opt{
		kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.Balancers(balancer), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.HeartbeatInterval(300 * time.Millisecond),
		kgo.SessionTimeout(10 * time.Second), kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, added map[string][]int32) { member.Assign(added[topic]...) }),
		kgo.OnPartitionsRevoked(revoke), kgo.OnPartitionsLost(revoke),
	}, options...)...)
	stop, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for stop.Err() == nil {
			fetches := client.PollFetches(stop)
			if err := fetches.Err0(); err != nil && !errors.Is(err, context.Canceled) {
				member.Fail(err)
			}
			for _, record := range fetches.Records() {
				member.See(string(record.Value))
			}
			if err := client.CommitUncommittedOffsets(ctx); err != nil && !errors.Is(err, kerr.RebalanceInProgress) {
				member.Fail(err)
			}
			client.AllowRebalance()
		}
	}()
	member.Stop = func() {
		cancel()
		<-done
		client.CloseAllowingRebalance()
	}
	return member
}

func offsetsByTime(bootstrap string) string {
	topic := create(bootstrap, "by-time", 1, nil)
	for index := int64(0); index < 10; index++ {
		produce(bootstrap, topic, []Record{{Value: []byte("x")}}, FirstMs+index*1000)
	}
	client := connect(bootstrap)
	defer client.Close()
	admin := kadm.NewClient(client)
	at := func(millis int64) int64 {
		listed, err := admin.ListOffsetsAfterMilli(ctx, millis, topic)
		Must(err, "list offsets")
		found, _ := listed.Lookup(topic, 0)
		Must(found.Err, "list offsets")
		return found.Offset
	}
	Equal(at(FirstMs-5), 0, "before the first")
	Equal(at(FirstMs+4001), 5, "between two")
	Equal(at(FirstMs+9001), 10, "after the last: franz-go answers with the end")
	ends, err := admin.ListEndOffsets(ctx, topic)
	Must(err, "end")
	Equal(ends[topic][0].Offset, 10, "end")
	largest, err := admin.ListMaxTimestampOffsets(ctx, topic)
	Must(err, "max timestamp")
	Equal(largest[topic][0].Offset, 9, "offset of the largest timestamp")
	Equal(largest[topic][0].Timestamp, FirstMs+9000, "largest timestamp")
	return ""
}

func adminTopics(bootstrap string) string {
	policy := "compact"
	topic := create(bootstrap, "admin", 3, map[string]*string{"cleanup.policy": &policy})
	client := connect(bootstrap)
	defer client.Close()
	admin := kadm.NewClient(client)
	count := func() int {
		details, err := admin.ListTopics(ctx, topic)
		Must(err, "list")
		return len(details[topic].Partitions)
	}
	Equal(count(), 3, "partitions")
	_, err := admin.CreateTopic(ctx, 1, 1, nil, topic)
	Check(errors.Is(err, kerr.TopicAlreadyExists), "created twice: %v", err)
	_, err = admin.CreateTopic(ctx, 1, 1, nil, "a/b")
	Check(errors.Is(err, kerr.InvalidTopicException), "bad name: %v", err)
	_, err = admin.CreateTopic(ctx, 1, 7, nil, topic+"-other")
	Check(errors.Is(err, kerr.InvalidReplicationFactor), "replication factor: %v", err)
	updated, err := admin.UpdatePartitions(ctx, 5, topic)
	Must(err, "partitions")
	Must(updated.Error(), "partitions")
	Until("five partitions", 20*time.Second, func() bool { return count() == 5 })
	get := func(name string) string {
		configs, err := admin.DescribeTopicConfigs(ctx, topic)
		Must(err, "configs")
		config, err := configs.On(topic, nil)
		Must(err, "configs")
		for _, entry := range config.Configs {
			if entry.Key == name {
				return entry.MaybeValue()
			}
		}
		return ""
	}
	Equal(get("cleanup.policy"), "compact", "policy")
	value := "777000"
	altered, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: &value}}, topic)
	Must(err, "alter")
	Must(altered[0].Err, "alter")
	Until("the new value", 20*time.Second, func() bool { return get("retention.ms") == value })
	brokers, err := admin.ListBrokers(ctx)
	Must(err, "brokers")
	described, err := admin.DescribeBrokerConfigs(ctx, brokers[0].NodeID)
	Must(err, "broker configs")
	Check(len(described[0].Configs) > 50, "only %d broker configs", len(described[0].Configs))
	dirs, err := admin.DescribeAllLogDirs(ctx, nil)
	Must(err, "log dirs")
	_, found := dirs[brokers[0].NodeID].Lookup("", topic, 0)
	_ = found
	Check(len(dirs) == len(brokers), "log dirs of %d brokers", len(dirs))
	deleted, err := admin.DeleteTopics(ctx, topic)
	Must(err, "delete")
	Must(deleted.Error(), "delete")
	again, err := admin.DeleteTopics(ctx, topic)
	Must(err, "delete again")
	Check(errors.Is(again[topic].Err, kerr.UnknownTopicOrPartition), "deleted twice: %v", again[topic].Err)
	return ""
}

func adminGroups(bootstrap string) string {
	topic := create(bootstrap, "groups", 1, nil)
	produce(bootstrap, topic, Records(10), FirstMs)
	client := connect(bootstrap)
	defer client.Close()
	admin := kadm.NewClient(client)
	name := "admin-" + topic
	member := startMember(bootstrap, topic, name, kgo.RangeBalancer(), kgo.InstanceID("static-one"))
	Until("the member has read all", 30*time.Second, func() bool { return len(member.Seen()) == 10 })
	lags, err := admin.Lag(ctx, name)
	Must(err, "lag")
	lag := lags[name]
	Must(lag.Error(), "lag")
	Equal(lag.State, "Stable", "state")
	Equal(len(lag.Members), 1, "members")
	Equal(*lag.Members[0].InstanceID, "static-one", "instance")
	Until("the commit", 20*time.Second, func() bool {
		found, err := admin.FetchOffsets(ctx, name)
		Must(err, "offsets")
		at, known := found.Lookup(topic, 0)
		return known && at.At == 10
	})
	listed, err := admin.ListGroups(ctx)
	Must(err, "list")
	_, known := listed[name]
	Check(known, "the group is not listed")
	_, err = admin.DeleteGroup(ctx, name)
	Check(errors.Is(err, kerr.NonEmptyGroup), "deleted while in use: %v", err)
	member.Stop()
	left, err := admin.LeaveGroup(ctx, kadm.LeaveGroup(name).InstanceIDs("static-one"))
	Must(err, "leave")
	Must(left.Error(), "leave")
	offsets := kadm.Offsets{}
	offsets.AddOffset(topic, 0, 4, -1)
	Must(admin.CommitAllOffsets(ctx, name, offsets), "commit")
	removed, err := admin.DeleteOffsets(ctx, name, kadm.TopicsSet{topic: {0: {}}})
	Must(err, "delete offsets")
	Must(removed.Error(), "delete offsets")
	_, err = admin.DeleteGroup(ctx, name)
	Must(err, "delete")
	_, err = admin.DeleteGroup(ctx, name)
	Check(errors.Is(err, kerr.GroupIDNotFound), "deleted twice: %v", err)
	return ""
}

func adminRecords(bootstrap string) string {
	topic := create(bootstrap, "records", 1, nil)
	produce(bootstrap, topic, Records(20), FirstMs)
	client := connect(bootstrap)
	defer client.Close()
	admin := kadm.NewClient(client)
	offsets := kadm.Offsets{}
	offsets.AddOffset(topic, 0, 7, -1)
	deleted, err := admin.DeleteRecords(ctx, offsets)
	Must(err, "delete records")
	Equal(deleted[topic][0].LowWatermark, 7, "low watermark")
	starts, err := admin.ListStartOffsets(ctx, topic)
	Must(err, "start")
	Equal(starts[topic][0].Offset, 7, "start")
	epochs := kadm.OffsetForLeaderEpochRequest{}
	epochs.Add(topic, 0, 0)
	answered, err := admin.OffsetForLeaderEpoch(ctx, epochs)
	Must(err, "epoch")
	Equal(answered[topic][0].EndOffset, 20, "end of the epoch")
	return ""
}

// manyPartitions fetches by topic ids in a session over many partitions.
func manyPartitions(bootstrap string) string {
	topic := create(bootstrap, "many", 50, nil)
	client := connect(bootstrap, kgo.ConsumeTopics(topic), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	defer client.Close()
	deadline, cancel := context.WithTimeout(ctx, 40*time.Second)
	defer cancel()
	found := map[string]bool{}
	for round := 0; round < 10; round++ {
		for index := 0; index < 100; index++ {
			record := &kgo.Record{Topic: topic, Value: []byte(fmt.Sprintf("%d-%d", round, index))}
			client.Produce(ctx, record, func(_ *kgo.Record, err error) { Must(err, "produce") })
		}
		Must(client.Flush(deadline), "flush")
		for len(found) < (round+1)*100 {
			fetches := client.PollFetches(deadline)
			Must(fetches.Err(), "fetch")
			for _, record := range fetches.Records() {
				found[string(record.Value)] = true
			}
		}
	}
	return ""
}

// What is committed is read in order, what is aborted is not; and a producer that comes with the same name shuts out the first.
func transactions(bootstrap string) string {
	topic := create(bootstrap, "transactions", 1, nil)
	begin := func() *kgo.Client {
		return connect(bootstrap, kgo.TransactionalID(topic), kgo.TransactionTimeout(20*time.Second), kgo.ProducerLinger(0))
	}
	first := begin()
	defer first.Close()
	send := func(client *kgo.Client, value string) error {
		return client.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte(value)}).FirstErr()
	}
	var wanted []string
	for number := range 20 {
		Must(first.BeginTransaction(), "begin")
		for index := range 5 {
			value := fmt.Sprintf("%d-%d", number, index)
			Must(send(first, value), "produce")
			if number%3 != 1 {
				wanted = append(wanted, value)
			}
		}
		Must(first.EndTransaction(ctx, kgo.TransactionEndTry(number%3 != 1)), "end")
	}
	Must(first.BeginTransaction(), "begin")
	Must(send(first, "open"), "produce")
	second := begin()
	defer second.Close()
	Must(second.BeginTransaction(), "begin by the second")
	Must(send(second, "second"), "produce by the second")
	Must(second.EndTransaction(ctx, kgo.TryCommit), "end by the second")
	wanted = append(wanted, "second")
	Check(first.EndTransaction(ctx, kgo.TryCommit) != nil, "the first was not fenced")
	for index, record := range consume(bootstrap, topic, len(wanted), 0, kgo.FetchIsolationLevel(kgo.ReadCommitted())) {
		Equal(string(record.Value), wanted[index], "committed")
	}
	client := connect(bootstrap)
	defer client.Close()
	described, err := kadm.NewClient(client).DescribeTransactions(ctx, topic)
	Must(err, "describe")
	Equal(described[topic].State, "CompleteCommit", "state")
	return ""
}

func main() {
	cases := map[string]Case{
		"codec-none":   codec("none", kgo.NoCompression()),
		"codec-gzip":   codec("gzip", kgo.GzipCompression()),
		"codec-snappy": codec("snappy", kgo.SnappyCompression()),
		"codec-lz4":    codec("lz4", kgo.Lz4Compression()),
		"codec-zstd":   codec("zstd", kgo.ZstdCompression()),
		"large": func(bootstrap string) string {
			return thereAndBack(bootstrap, "large", LargeRecords(24))
		},
		"acks-1": func(bootstrap string) string {
			return thereAndBack(bootstrap, "acks-1", Records(100), kgo.RequiredAcks(kgo.LeaderAck()), kgo.DisableIdempotentWrite())
		},
		"many-partitions":   manyPartitions,
		"group-cooperative": group("group-cooperative", kgo.CooperativeStickyBalancer()),
		"group-range":       group("group-range", kgo.RangeBalancer()),
		"offsets-by-time":   offsetsByTime,
		"admin-topics":      adminTopics,
		"admin-groups":      adminGroups,
		"admin-records":     adminRecords,
		"transactions":      transactions,
	}
	maps.Copy(cases, Logins("franz-go", loggedIn))
	Main(cases)
}
