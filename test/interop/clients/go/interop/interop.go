// Package interop is what the Go clients' programs share: naming cases, running them with time-outs, records to send, and the group
// that rebalances. A program is called with the bootstrap address and case names; it prints one line of JSON per case.
package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"runtime/debug"
	"sync"
	"time"
)

const caseTimeout = 90 * time.Second

// FirstMs is the timestamp of the first record of a topic, in milliseconds: an hour ago, too young for retention to remove.
var FirstMs = time.Now().UnixMilli() - 3_600_000

// Run tells the topics of one run from those of another.
var Run = fmt.Sprintf("%08x", rand.Uint32())

// Header of a record.
type Header struct {
	Key   string
	Value []byte
}

// Record to send and to compare; nil keys and values are null.
type Record struct {
	Key, Value []byte
	Headers    []Header
}

// Case answers with a detail to print; it fails by Must and the like, which panic.
type Case func(bootstrap string) string

// TopicName makes a name of this run's own.
func TopicName(name string) string { return name + "-" + Run }

// Must fails the case on an error.
func Must(err error, what string, arguments ...any) {
	if err != nil {
		panic(fmt.Sprintf("%s: %v", fmt.Sprintf(what, arguments...), err))
	}
}

// Check fails the case when the condition does not hold.
func Check(condition bool, what string, arguments ...any) {
	if !condition {
		panic(fmt.Sprintf(what, arguments...))
	}
}

// Equal fails the case when the two differ.
func Equal[T comparable](actual, expected T, what string) {
	Check(actual == expected, "%s: expected %v, got %v", what, expected, actual)
}

// Until asks until the condition holds.
func Until(what string, timeout time.Duration, condition func() bool) {
	deadline := time.Now().Add(timeout)
	for !condition() {
		Check(time.Now().Before(deadline), "waited %v in vain for: %s", timeout, what)
		time.Sleep(20 * time.Millisecond)
	}
}

func body(index, size int) []byte {
	random := rand.New(rand.NewSource(int64(index)*1_000_003 + int64(size)))
	made := make([]byte, size)
	random.Read(made[:size/2])
	line := []byte(fmt.Sprintf("line %d of a log that repeats itself again and again; ", index))
	for at := size / 2; at < size; at++ {
		made[at] = line[at%len(line)]
	}
	return made
}

// Records of many sizes, with null keys and values, empty ones, and headers.
func Records(count int) []Record {
	made := make([]Record, count)
	sizes := []int{0, 1, 17, 100, 1000, 9000}
	for index := range made {
		record := &made[index]
		switch index % 7 {
		case 3:
		case 5:
			record.Key = []byte{}
		default:
			record.Key = []byte(fmt.Sprintf("key-%d", index))
		}
		if index%11 != 5 || len(record.Key) == 0 {
			record.Value = body(index, sizes[index%6])
		}
		if index%5 == 0 {
			record.Headers = []Header{{"trace", []byte{0, 255, 128, byte(index)}}, {"trace", []byte("again")}, {"empty", []byte{}}}
		}
	}
	return made
}

// LargeRecords are of 100 to 500 KB.
func LargeRecords(count int) []Record {
	random := rand.New(rand.NewSource(7))
	made := make([]Record, count)
	for index := range made {
		made[index] = Record{Key: []byte(fmt.Sprint(index)), Value: body(index, 100_000+random.Intn(400_000))}
	}
	return made
}

// SameRecords compares every byte of keys, values and headers, in order.
func SameRecords(actual, expected []Record) {
	Equal(len(actual), len(expected), "count of records")
	same := func(a, b []byte, what string, index int) {
		Check((a == nil) == (b == nil), "%s of record %d: null where it should not be, or the reverse", what, index)
		Check(bytes.Equal(a, b), "%s of record %d differs", what, index)
	}
	for index, want := range expected {
		got := actual[index]
		same(got.Key, want.Key, "key", index)
		same(got.Value, want.Value, "value", index)
		Equal(len(got.Headers), len(want.Headers), fmt.Sprintf("count of headers of record %d", index))
		for at, header := range want.Headers {
			Equal(got.Headers[at].Key, header.Key, "header")
			Check(bytes.Equal(got.Headers[at].Value, header.Value), "value of a header of record %d", index)
		}
	}
}

// Member is one member of a group in goroutines of its own; what it sees it commits.
type Member struct {
	mutex      sync.Mutex
	assignment map[int32]bool
	seen       []string
	err        error
	Stop       func()
}

// See notes values that the member has received.
func (m *Member) See(values ...string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.seen = append(m.seen, values...)
}

// Assign notes partitions that the member has been given.
func (m *Member) Assign(partitions ...int32) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.assignment == nil {
		m.assignment = map[int32]bool{}
	}
	for _, partition := range partitions {
		m.assignment[partition] = true
	}
}

// Revoke notes partitions that were taken from it.
func (m *Member) Revoke(partitions ...int32) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for _, partition := range partitions {
		delete(m.assignment, partition)
	}
}

// Fail notes an error that fails the case.
func (m *Member) Fail(err error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.err = err
}

// Assignment is what the member holds now.
func (m *Member) Assignment() []int32 {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	Must(m.err, "a member broke")
	var partitions []int32
	for partition := range m.assignment {
		partitions = append(partitions, partition)
	}
	return partitions
}

// Seen is all that the member has received.
func (m *Member) Seen() []string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	Must(m.err, "a member broke")
	return append([]string(nil), m.seen...)
}

// RebalancingGroup has one member, a second and a third join, one leave; nothing is lost, and who comes after them resumes where
// they committed. send returns when the broker has the record.
func RebalancingGroup(start func() *Member, send func(partition int32, value string)) string {
	const partitions = 6
	const settle = 60 * time.Second
	sent := map[string]bool{}
	sendRound := func(name string) {
		for partition := int32(0); partition < partitions; partition++ {
			for index := 0; index < 5; index++ {
				value := fmt.Sprintf("%s-%d-%d", name, partition, index)
				send(partition, value)
				sent[value] = true
			}
		}
	}
	var members, everyone []*Member
	settled := func() bool {
		held := map[int32]bool{}
		count := 0
		for _, member := range members {
			share := member.Assignment()
			if len(share) == 0 {
				return false
			}
			count += len(share)
			for _, partition := range share {
				held[partition] = true
			}
		}
		return count == partitions && len(held) == partitions
	}
	seenBy := func(everyone []*Member) bool {
		values := map[string]bool{}
		for _, member := range everyone {
			for _, value := range member.Seen() {
				values[value] = true
			}
		}
		for value := range sent {
			if !values[value] {
				return false
			}
		}
		return true
	}
	for _, name := range []string{"first", "second", "third"} {
		member := start()
		members, everyone = append(members, member), append(everyone, member)
		Until(fmt.Sprintf("%d members share the partitions", len(members)), settle, settled)
		sendRound("with-" + name)
		Until("all is seen after the "+name+" joined", settle, func() bool { return seenBy(everyone) })
	}
	members[1].Stop()
	members = []*Member{members[0], members[2]}
	Until("the others take over from the one that left", settle, settled)
	sendRound("after-leave")
	Until("all is seen after one left", settle, func() bool { return seenBy(everyone) })
	for _, member := range members {
		member.Stop()
	}
	before := sent
	sent = map[string]bool{}
	sendRound("resumed")
	late := start()
	Until("the late member sees what was sent last", settle, func() bool { return seenBy([]*Member{late}) })
	late.Stop()
	for _, value := range late.Seen() {
		Check(!before[value], "the late member saw %s, which had been committed", value)
	}
	total := 0
	for _, member := range everyone {
		total += len(member.Seen())
	}
	return fmt.Sprintf("%d records, %d seen twice", len(before), total-len(before))
}

type answer struct {
	Case   string `json:"case"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

func run(name string, one Case, bootstrap string) answer {
	done := make(chan answer, 1)
	go func() {
		defer func() {
			if trouble := recover(); trouble != nil {
				detail := fmt.Sprintf("%v", trouble)
				if _, known := trouble.(string); !known {
					detail += "\n" + string(debug.Stack())
				}
				done <- answer{name, false, detail}
			}
		}()
		Check(one != nil, "there is no such case")
		done <- answer{name, true, one(bootstrap)}
	}()
	select {
	case result := <-done:
		return result
	case <-time.After(caseTimeout):
		return answer{name, false, fmt.Sprintf("the case took longer than %v", caseTimeout)}
	}
}

// Main runs the cases named on the command line.
func Main(cases map[string]Case) {
	bootstrap := os.Args[1]
	for _, name := range os.Args[2:] {
		line, err := json.Marshal(run(name, cases[name], bootstrap))
		Must(err, "json")
		fmt.Println(string(line))
	}
}
