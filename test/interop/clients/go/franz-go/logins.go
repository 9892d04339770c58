package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	. "github.com/moldau-stream/moldau/test/interop/interop"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

func mechanism(login Login) sasl.Mechanism {
	keys := scram.Auth{User: login.User, Pass: login.Password}
	switch login.Mechanism {
	case "PLAIN":
		return plain.Auth{User: login.User, Pass: login.Password}.AsMechanism()
	case "SCRAM-SHA-256":
		return keys.AsSha256Mechanism()
	case "SCRAM-SHA-512":
		return keys.AsSha512Mechanism()
	default:
		return oauth.Oauth(func(context.Context) (oauth.Auth, error) {
			token, err := login.Token()
			return oauth.Auth{Token: token}, err
		})
	}
}

func logInTo(login Login, options ...kgo.Opt) *kgo.Client {
	options = append(options, kgo.RecordRetries(2), kgo.RetryTimeout(20*time.Second))
	if login.TLS != nil {
		options = append(options, kgo.DialTLSConfig(login.TLS))
	}
	if login.Mechanism != "" {
		options = append(options, kgo.SASL(mechanism(login)))
	}
	return connect(login.Bootstrap, options...)
}

const patience = 40 * time.Second

var loggedIn = LoggedIn{
	Produce: func(login Login, topic string, values []string) (int64, error) {
		client := logInTo(login)
		defer client.Close()
		deadline, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if err := client.Ping(deadline); err != nil {
			return 0, err
		}
		records := make([]*kgo.Record, len(values))
		for index, value := range values {
			records[index] = &kgo.Record{Topic: topic, Value: []byte(value)}
		}
		results := client.ProduceSync(deadline, records...)
		return records[0].Offset, results.FirstErr()
	},
	Consume: func(login Login, topic, group string, first int64, count int) ([]string, error) {
		client := logInTo(login, kgo.ConsumeTopics(topic), kgo.ConsumerGroup(group), kgo.DisableAutoCommit(),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		defer client.Close()
		deadline, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		var found []string
		for len(found) < count {
			fetches := client.PollFetches(deadline)
			if err := fetches.Err(); err != nil {
				return nil, err
			}
			for _, record := range fetches.Records() {
				if record.Offset >= first {
					found = append(found, string(record.Value))
				}
			}
		}
		return found, client.CommitUncommittedOffsets(deadline)
	},
	IsUnauthorized: func(err error) bool {
		return errors.Is(err, kerr.TopicAuthorizationFailed) || errors.Is(err, kerr.GroupAuthorizationFailed)
	},
	IsRefused: func(err error) bool {
		// The last is how it takes what a broker says of a refused token.
		reasons := []string{"certificate required", "unexpected data in oauth response"}
		return errors.Is(err, kerr.SaslAuthenticationFailed) || slices.ContainsFunc(reasons, func(reason string) bool {
			return strings.Contains(err.Error(), reason)
		})
	},
}
