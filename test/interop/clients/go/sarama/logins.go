package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/IBM/sarama"
	. "github.com/moldau-stream/moldau/test/interop/interop"
	"github.com/xdg-go/scram"
)

// scramClient is what sarama has its users bring along.
type scramClient struct {
	hash         scram.HashGeneratorFcn
	conversation *scram.ClientConversation
}

func (s *scramClient) Begin(user, password, authorizationID string) error {
	client, err := s.hash.NewClient(user, password, authorizationID)
	if err == nil {
		s.conversation = client.NewConversation()
	}
	return err
}

func (s *scramClient) Step(challenge string) (string, error) { return s.conversation.Step(challenge) }

func (s *scramClient) Done() bool { return s.conversation.Done() }

type tokens struct{ login Login }

func (t tokens) Token() (*sarama.AccessToken, error) {
	token, err := t.login.Token()
	return &sarama.AccessToken{Token: token}, err
}

func settingsOf(login Login) *sarama.Config {
	config := settings(newest)
	config.Producer.Partitioner = sarama.NewHashPartitioner
	// What is refused it asks for again.
	config.Metadata.Retry.Max = 1
	config.Metadata.Retry.Backoff = 50 * time.Millisecond
	config.Consumer.Group.Rebalance.Retry.Backoff = 50 * time.Millisecond
	config.Net.TLS.Enable = login.TLS != nil
	config.Net.TLS.Config = login.TLS
	config.Net.SASL.Enable = login.Mechanism != ""
	config.Net.SASL.Mechanism = sarama.SASLMechanism(login.Mechanism)
	config.Net.SASL.User = login.User
	config.Net.SASL.Password = login.Password
	switch login.Mechanism {
	case sarama.SASLTypeSCRAMSHA256:
		config.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &scramClient{hash: scram.SHA256} }
	case sarama.SASLTypeSCRAMSHA512:
		config.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &scramClient{hash: scram.SHA512} }
	case sarama.SASLTypeOAuth:
		config.Net.SASL.TokenProvider = tokens{login}
	}
	return config
}

// reader is a member of a group until it has read so many values from an offset on.
type reader struct {
	first int64
	count int
	found []string
}

func (r *reader) Setup(sarama.ConsumerGroupSession) error { return nil }

func (r *reader) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (r *reader) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		session.MarkMessage(message, "")
		if message.Offset >= r.first {
			r.found = append(r.found, string(message.Value))
		}
		if len(r.found) == r.count {
			session.Commit()
			return nil
		}
	}
	return nil
}

var loggedIn = LoggedIn{
	Produce: func(login Login, topic string, values []string) (int64, error) {
		producer, err := sarama.NewSyncProducer([]string{login.Bootstrap}, settingsOf(login))
		if err != nil {
			return 0, err
		}
		defer producer.Close()
		messages := make([]*sarama.ProducerMessage, len(values))
		for index, value := range values {
			messages[index] = &sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(value)}
		}
		err = producer.SendMessages(messages)
		return messages[0].Offset, err
	},
	Consume: func(login Login, topic, group string, first int64, count int) ([]string, error) {
		member, err := sarama.NewConsumerGroup([]string{login.Bootstrap}, group, settingsOf(login))
		if err != nil {
			return nil, err
		}
		defer member.Close()
		deadline, cancel := context.WithTimeout(context.Background(), 40*time.Second)
		defer cancel()
		reading := &reader{first: first, count: count}
		err = member.Consume(deadline, []string{topic}, reading)
		return reading.found, err
	},
	IsUnauthorized: func(err error) bool {
		var refusals sarama.ProducerErrors
		if errors.As(err, &refusals) {
			err = refusals[0].Err
		}
		return errors.Is(err, sarama.ErrTopicAuthorizationFailed) || errors.Is(err, sarama.ErrGroupAuthorizationFailed)
	},
	IsRefused: func(err error) bool {
		return errors.Is(err, sarama.ErrSASLAuthenticationFailed) || strings.Contains(err.Error(), "certificate required")
	},
}
