// sarama against a broker.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"time"

	"github.com/IBM/sarama"
	. "github.com/moldau-stream/moldau/test/interop/interop"
)

func settings(version sarama.KafkaVersion) *sarama.Config {
	config := sarama.NewConfig()
	config.Version = version
	config.Producer.Return.Successes = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.Flush.Frequency = 20 * time.Millisecond
	config.Consumer.Return.Errors = true
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	config.Consumer.Group.Heartbeat.Interval = 300 * time.Millisecond
	config.Consumer.Group.Session.Timeout = 10 * time.Second
	config.Consumer.Group.Rebalance.Timeout = 10 * time.Second
	config.Net.ReadTimeout = 20 * time.Second
	return config
}

var newest = sarama.V4_1_0_0

func admin(bootstrap string) sarama.ClusterAdmin {
	made, err := sarama.NewClusterAdmin([]string{bootstrap}, settings(newest))
	Must(err, "connect")
	return made
}

func create(bootstrap, name string, partitions int32) string {
	topic := TopicName(name)
	client := admin(bootstrap)
	defer client.Close()
	Must(client.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1}, false), "create")
	Until("the topic is there", 20*time.Second, func() bool {
		found, err := client.DescribeTopics([]string{topic})
		return err == nil && found[0].Err == sarama.ErrNoError && len(found[0].Partitions) == int(partitions)
	})
	return topic
}

func produce(bootstrap, topic string, wanted []Record, firstMs int64, config *sarama.Config) []int64 {
	producer, err := sarama.NewAsyncProducer([]string{bootstrap}, config)
	Must(err, "producer")
	defer producer.AsyncClose()
	go func() {
		for index, record := range wanted {
			message := &sarama.ProducerMessage{Topic: topic, Metadata: index}
			if config.Version.IsAtLeast(sarama.V0_10_0_0) {
				message.Timestamp = time.UnixMilli(firstMs + int64(index))
			}
			if record.Key != nil {
				message.Key = sarama.ByteEncoder(record.Key)
			}
			if record.Value != nil {
				message.Value = sarama.ByteEncoder(record.Value)
			}
			for _, header := range record.Headers {
				message.Headers = append(message.Headers, sarama.RecordHeader{Key: []byte(header.Key), Value: header.Value})
			}
			producer.Input() <- message
		}
	}()
	offsets := make([]int64, len(wanted))
	for range wanted {
		select {
		case message := <-producer.Successes():
			offsets[message.Metadata.(int)] = message.Offset
		case trouble := <-producer.Errors():
			Must(trouble.Err, "produce")
		case <-time.After(30 * time.Second):
			panic("no answer to a produced record in 30 s")
		}
	}
	return offsets
}

func consume(bootstrap, topic string, count int, from int64, config *sarama.Config) []*sarama.ConsumerMessage {
	consumer, err := sarama.NewConsumer([]string{bootstrap}, config)
	Must(err, "consumer")
	defer consumer.Close()
	partition, err := consumer.ConsumePartition(topic, 0, from)
	Must(err, "consume")
	defer partition.AsyncClose()
	var found []*sarama.ConsumerMessage
	for len(found) < count {
		select {
		case message := <-partition.Messages():
			found = append(found, message)
		case trouble := <-partition.Errors():
			Must(trouble.Err, "fetch")
		case <-time.After(30 * time.Second):
			panic(fmt.Sprintf("no message in 30 s after %d of %d", len(found), count))
		}
	}
	return found
}

func asRecords(found []*sarama.ConsumerMessage) []Record {
	made := make([]Record, len(found))
	for index, message := range found {
		made[index] = Record{Key: message.Key, Value: message.Value}
		for _, header := range message.Headers {
			made[index].Headers = append(made[index].Headers, Header{Key: string(header.Key), Value: header.Value})
		}
	}
	return made
}

func thereAndBack(bootstrap, name string, wanted []Record, config *sarama.Config) {
	topic := create(bootstrap, name, 1)
	offsets := produce(bootstrap, topic, wanted, FirstMs, config)
	found := consume(bootstrap, topic, len(wanted), 0, config)
	SameRecords(asRecords(found), wanted)
	for index, message := range found {
		Equal(offsets[index], int64(index), "offset produced")
		Equal(message.Offset, int64(index), "offset consumed")
		if config.Version.IsAtLeast(sarama.V0_10_0_0) {
			Equal(message.Timestamp.UnixMilli(), FirstMs+int64(index), "timestamp")
		}
	}
	// A client of today reads the same.
	SameRecords(asRecords(consume(bootstrap, topic, len(wanted)-7, 7, settings(newest))), wanted[7:])
}

func codec(name string, codec sarama.CompressionCodec) Case {
	return func(bootstrap string) string {
		config := settings(newest)
		config.Producer.Compression = codec
		thereAndBack(bootstrap, "codec-"+name, Records(240), config)
		return ""
	}
}

func large(bootstrap string) string {
	config := settings(newest)
	config.Producer.MaxMessageBytes = 2_000_000
	config.Consumer.Fetch.Default = 2_000_000
	// sarama sends what has piled up as one batch: one record each keeps them below the broker's limit.
	config.Producer.Flush.MaxMessages = 1
	thereAndBack(bootstrap, "large", LargeRecords(24), config)
	return ""
}

func idempotent(bootstrap string) string {
	config := settings(newest)
	config.Producer.Idempotent = true
	config.Net.MaxOpenRequests = 1
	config.Producer.Flush.MaxMessages = 7
	thereAndBack(bootstrap, "idempotent", Records(300), config)
	return ""
}

func old(version sarama.KafkaVersion) Case {
	return func(bootstrap string) string {
		codecs := []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy}
		if version.IsAtLeast(sarama.V0_10_0_0) {
			codecs = append(codecs, sarama.CompressionLZ4)
		}
		for _, codec := range codecs {
			config := settings(version)
			config.Producer.Compression = codec
			wanted := Records(60)
			if !version.IsAtLeast(sarama.V0_11_0_0) {
				for index := range wanted {
					wanted[index].Headers = nil
				}
			}
			thereAndBack(bootstrap, fmt.Sprintf("old-%s-%s", version, codec), wanted, config)
		}
		if version.IsAtLeast(sarama.V0_10_2_0) {
			return group(fmt.Sprintf("old-group-%s", version), sarama.NewBalanceStrategyRange(), version)(bootstrap)
		}
		return ""
	}
}

type handler struct {
	member *Member
	topic  string
}

func (h handler) Setup(session sarama.ConsumerGroupSession) error {
	h.member.Assign(session.Claims()[h.topic]...)
	return nil
}

func (h handler) Cleanup(session sarama.ConsumerGroupSession) error {
	h.member.Revoke(session.Claims()[h.topic]...)
	return nil
}

func (h handler) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		h.member.See(string(message.Value))
		session.MarkMessage(message, "noted")
		session.Commit()
	}
	return nil
}

func startMember(bootstrap, topic, name string, strategy sarama.BalanceStrategy, version sarama.KafkaVersion) *Member {
	config := settings(version)
	config.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{strategy}
	group, err := sarama.NewConsumerGroup([]string{bootstrap}, name, config)
	Must(err, "group")
	member := &Member{}
	stop, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		for err := range group.Errors() {
			// A commit or a fetch that meets a rebalance; what is lost by it comes again.
			log.Println(err)
		}
	}()
	go func() {
		defer close(done)
		for stop.Err() == nil {
			err := group.Consume(stop, []string{topic}, handler{member, topic})
			if err != nil && !errors.Is(err, sarama.ErrClosedConsumerGroup) {
				member.Fail(err)
				return
			}
		}
	}()
	member.Stop = func() {
		cancel()
		<-done
		Must(group.Close(), "close")
	}
	return member
}

func group(name string, strategy sarama.BalanceStrategy, version sarama.KafkaVersion) Case {
	return func(bootstrap string) string {
		topic := create(bootstrap, name, 6)
		config := settings(version)
		config.Producer.Flush.Frequency = 0
		producer, err := sarama.NewSyncProducer([]string{bootstrap}, config)
		Must(err, "producer")
		defer producer.Close()
		send := func(partition int32, value string) {
			message := &sarama.ProducerMessage{Topic: topic, Partition: partition, Value: sarama.StringEncoder(value)}
			_, _, err := producer.SendMessage(message)
			Must(err, "send")
		}
		start := func() *Member { return startMember(bootstrap, topic, "g/"+topic, strategy, version) }
		return RebalancingGroup(start, send)
	}
}

func offsetsByTime(bootstrap string) string {
	topic := create(bootstrap, "by-time", 1)
	for index := int64(0); index < 10; index++ {
		produce(bootstrap, topic, []Record{{Value: []byte("x")}}, FirstMs+index*1000, settings(newest))
	}
	client, err := sarama.NewClient([]string{bootstrap}, settings(newest))
	Must(err, "connect")
	defer client.Close()
	at := func(millis int64) int64 {
		offset, err := client.GetOffset(topic, 0, millis)
		Must(err, "offset")
		return offset
	}
	Equal(at(FirstMs-5), 0, "before the first")
	Equal(at(FirstMs+4001), 5, "between two")
	Equal(at(FirstMs+9001), -1, "after the last")
	Equal(at(sarama.OffsetNewest), 10, "newest")
	Equal(at(sarama.OffsetOldest), 0, "oldest")
	return ""
}

func adminTopics(bootstrap string) string {
	client := admin(bootstrap)
	defer client.Close()
	topic := create(bootstrap, "admin", 3)
	count := func() int {
		listed, err := client.ListTopics()
		Must(err, "list")
		return int(listed[topic].NumPartitions)
	}
	Equal(count(), 3, "partitions")
	err := client.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false)
	Check(errors.Is(err, sarama.ErrTopicAlreadyExists), "created twice: %v", err)
	Must(client.CreatePartitions(topic, 5, nil, false), "partitions")
	Until("five partitions", 20*time.Second, func() bool { return count() == 5 })
	get := func(name string) string {
		entries, err := client.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: topic})
		Must(err, "configs")
		for _, entry := range entries {
			if entry.Name == name {
				return entry.Value
			}
		}
		return ""
	}
	Equal(get("retention.ms"), "604800000", "default retention")
	value := "777000"
	set := map[string]sarama.IncrementalAlterConfigsEntry{"retention.ms": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &value}}
	Must(client.IncrementalAlterConfig(sarama.TopicResource, topic, set, false), "alter")
	Until("the new value", 20*time.Second, func() bool { return get("retention.ms") == value })
	whole := "54321"
	Must(client.AlterConfig(sarama.TopicResource, topic, map[string]*string{"max.message.bytes": &whole}, false), "alter all")
	Until("only what was set", 20*time.Second, func() bool { return get("retention.ms") == "604800000" && get("max.message.bytes") == whole })
	brokers, controller, err := client.DescribeCluster()
	Must(err, "cluster")
	Equal(controller, brokers[0].ID(), "controller")
	dirs, err := client.DescribeLogDirs([]int32{controller})
	Must(err, "log dirs")
	Equal(len(dirs[controller]), 1, "log dirs")
	Must(client.DeleteTopic(topic), "delete")
	Until("the topic is gone", 20*time.Second, func() bool { return count() == 0 })
	return ""
}

func adminGroups(bootstrap string) string {
	client := admin(bootstrap)
	defer client.Close()
	topic := create(bootstrap, "groups", 1)
	produce(bootstrap, topic, Records(10), FirstMs, settings(newest))
	name := "admin-" + topic
	member := startMember(bootstrap, topic, name, sarama.NewBalanceStrategySticky(), newest)
	Until("the member has read all", 30*time.Second, func() bool { return len(member.Seen()) == 10 })
	listed, err := client.ListConsumerGroups()
	Must(err, "list")
	Equal(listed[name], "consumer", "type of the group")
	described, err := client.DescribeConsumerGroups([]string{name})
	Must(err, "describe")
	Equal(described[0].State, "Stable", "state")
	Equal(len(described[0].Members), 1, "members")
	Until("the commit", 20*time.Second, func() bool {
		offsets, err := client.ListConsumerGroupOffsets(name, map[string][]int32{topic: {0}})
		Must(err, "offsets")
		block := offsets.GetBlock(topic, 0)
		return block.Offset == 10 && block.Metadata == "noted"
	})
	member.Stop()
	Until("the group is empty", 20*time.Second, func() bool {
		described, err := client.DescribeConsumerGroups([]string{name})
		Must(err, "describe")
		return described[0].State == "Empty"
	})
	Must(client.DeleteConsumerGroupOffset(name, topic, 0), "delete offset")
	Must(client.DeleteConsumerGroup(name), "delete")
	listed, err = client.ListConsumerGroups()
	Must(err, "list")
	_, known := listed[name]
	Check(!known, "the group is still listed")
	return ""
}

func adminRecords(bootstrap string) string {
	client := admin(bootstrap)
	defer client.Close()
	topic := create(bootstrap, "records", 1)
	produce(bootstrap, topic, Records(20), FirstMs, settings(newest))
	Must(client.DeleteRecords(topic, map[int32]int64{0: 7}), "delete records")
	plain, err := sarama.NewClient([]string{bootstrap}, settings(newest))
	Must(err, "connect")
	defer plain.Close()
	oldest, err := plain.GetOffset(topic, 0, sarama.OffsetOldest)
	Must(err, "oldest")
	Equal(oldest, 7, "oldest offset")
	return ""
}

func main() {
	sarama.Logger = log.New(io.Discard, "", 0)
	cases := map[string]Case{
		"codec-none":      codec("none", sarama.CompressionNone),
		"codec-gzip":      codec("gzip", sarama.CompressionGZIP),
		"codec-snappy":    codec("snappy", sarama.CompressionSnappy),
		"codec-lz4":       codec("lz4", sarama.CompressionLZ4),
		"codec-zstd":      codec("zstd", sarama.CompressionZSTD),
		"large":           large,
		"idempotent":      idempotent,
		"group-range":     group("group-range", sarama.NewBalanceStrategyRange(), newest),
		"group-sticky":    group("group-sticky", sarama.NewBalanceStrategySticky(), newest),
		"offsets-by-time": offsetsByTime,
		"admin-topics":    adminTopics,
		"admin-groups":    adminGroups,
		"admin-records":   adminRecords,
		"old-0.8.2":       old(sarama.V0_8_2_2),
		"old-0.9":         old(sarama.V0_9_0_1),
		"old-0.10":        old(sarama.V0_10_0_1),
		"old-0.11":        old(sarama.V0_11_0_2),
		"old-1.0":         old(sarama.V1_0_0_0),
	}
	maps.Copy(cases, Logins("sarama", loggedIn))
	Main(cases)
}
