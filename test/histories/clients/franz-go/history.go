package main

import (
	"context"
	"fmt"
	"io"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const outstanding = 4000

// What was not sent while the broker was away is made up for, but for what is older.
const mostLate = 10 * time.Second

// What a worker exits with that cannot go on and must be replaced.
const givenUp = 3

type topic struct {
	number     int
	name       string
	partitions int32
}

func topicOf(words string) topic {
	parts := strings.Split(words, ":")
	number, _ := strconv.Atoi(parts[0])
	partitions, _ := strconv.Atoi(parts[2])
	return topic{number, parts[1], int32(partitions)}
}

var (
	role, bootstrap string
	number          int
	settings        = map[string]string{}
	topics          []topic
	numbers         = map[string]int{}
	random          *rand.Rand
	stopped, stop   = context.WithCancel(context.Background())
	writing         sync.Mutex
)

func readArguments() {
	role, bootstrap = os.Args[1], os.Args[3]
	number, _ = strconv.Atoi(os.Args[2])
	for _, word := range os.Args[4:] {
		name, value, _ := strings.Cut(word, "=")
		settings[name] = value
	}
	seed, _ := strconv.ParseInt(settings["seed"], 10, 64)
	random = rand.New(rand.NewSource(seed*1000 + int64(number)))
	for _, words := range strings.Split(settings["topics"], ",") {
		topics = append(topics, topicOf(words))
	}
	for _, one := range topics {
		numbers[one.name] = one.number
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
}

func giveUp(why string, arguments ...any) {
	fmt.Fprintf(os.Stderr, why+"\n", arguments...)
	os.Exit(givenUp)
}

// nowUs is the machine's monotonic clock, which all processes share.
func nowUs() int64 {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return now.Nano() / 1000
}

// write puts out whole lines before anything else is done.
func write(lines string) {
	writing.Lock()
	defer writing.Unlock()
	_, _ = os.Stdout.WriteString(lines)
}

func say(format string, arguments ...any) { write(fmt.Sprintf(format+"\n", arguments...)) }

func value(index int) []byte {
	return fmt.Appendf(nil, "%d:%d %s", number, index, strings.Repeat(".", 10+random.Intn(190)))
}

func placeOf(value []byte) (process, index int) {
	place, _, _ := strings.Cut(string(value), " ")
	left, right, _ := strings.Cut(place, ":")
	process, _ = strconv.Atoi(left)
	index, _ = strconv.Atoi(right)
	return process, index
}

func share(name string, otherwise float64) float64 {
	if value, err := strconv.ParseFloat(settings[name], 64); err == nil {
		return value
	}
	return otherwise
}

// runs gathers what follows each other in one partition into one line: a run of acknowledgements or of polled values.
type runs struct {
	sync.Mutex
	kind                          string
	lines                         strings.Builder
	topic, process, index, length int
	partition                     int32
	offset                        int64
}

func (r *runs) add(topic int, partition int32, offset int64, process, index int) {
	r.Lock()
	defer r.Unlock()
	follows := r.length > 0 && r.topic == topic && r.partition == partition && r.process == process
	if follows && r.offset+int64(r.length) == offset && r.index+r.length == index {
		r.length++
		return
	}
	r.finish()
	r.topic, r.partition, r.offset, r.process, r.index, r.length = topic, partition, offset, process, index, 1
}

func (r *runs) finish() {
	if r.length == 0 {
		return
	}
	middle := ""
	if r.kind != "a" {
		middle = fmt.Sprintf("%d ", r.process)
	}
	fmt.Fprintf(&r.lines, "%s %d %d %d %d %s%d %d\n", r.kind, nowUs(), r.topic, r.partition, r.offset, middle, r.index, r.length)
	r.length = 0
}

func (r *runs) write() {
	r.Lock()
	defer r.Unlock()
	r.finish()
	write(r.lines.String())
	r.lines.Reset()
}

// pace makes bursts so that so many values a second are sent on average.
type pace struct {
	rate float64
	due  time.Time
}

func newPace() *pace { return &pace{share("rate", 1000), time.Now()} }

func (p *pace) burst() int { return 1 + random.Intn(max(2, min(200, int(p.rate/5)))) }

// wait returns when it is time to go on, false when it is time to stop.
func (p *pace) wait(sent int) bool {
	p.due = p.due.Add(time.Duration(float64(sent) / p.rate * float64(time.Second)))
	if late := time.Now().Add(-mostLate); p.due.Before(late) {
		p.due = late
	}
	select {
	case <-stopped.Done():
		return false
	case <-time.After(time.Until(p.due)):
		return true
	}
}
