package interop

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	loginRecords   = 50
	refusedWithin  = 30 * time.Second
	forbiddenTopic = "forbidden"
)

// Login is how a case of logins connects; harness/security.ts tells what these cases are.
type Login struct {
	Bootstrap, User, Password string
	// Mechanism is empty where there is no SASL.
	Mechanism string
	// TLS is nil where there is none.
	TLS *tls.Config
	// Token of OAUTHBEARER.
	Token func() (string, error)
}

type security struct {
	Logins    []string
	Listeners map[string]string
	Users     map[string]struct{ Name, Password string }

	Authority, Certificate, Key, TokenURL, ForgedToken string
}

// LoggedIn is how a client does what the cases ask of it. All answer with an error within seconds when they are refused.
type LoggedIn struct {
	// Produce returns the offset of the first value.
	Produce func(login Login, topic string, values []string) (int64, error)
	// Consume is a member of the group, and returns the values from that offset on.
	Consume func(login Login, topic, group string, first int64, count int) ([]string, error)
	// IsUnauthorized and IsRefused judge errors.
	IsUnauthorized, IsRefused func(error) bool
}

func fetchToken(endpoint, user, secret string) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {user}, "client_secret": {secret}}
	answer, err := http.PostForm(endpoint, form)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var found struct {
		AccessToken string `json:"access_token"`
	}
	err = json.NewDecoder(answer.Body).Decode(&found)
	return found.AccessToken, err
}

// loginsOf makes the login of a case, and one that must be refused.
func (s security) loginsOf(name string) (right, wrong Login) {
	mechanism, protocol, _ := strings.Cut(name, "/")
	user := s.Users[mechanism]
	right = Login{Bootstrap: s.Listeners[protocol], User: user.Name, Password: user.Password}
	if strings.HasSuffix(protocol, "SSL") {
		authority, err := os.ReadFile(s.Authority)
		Must(err, "the authority's certificate")
		right.TLS = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost"}
		right.TLS.RootCAs.AppendCertsFromPEM(authority)
	}
	wrong = right
	switch mechanism {
	case "certificate":
		certificate, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
		Must(err, "the client's certificate")
		right.TLS = right.TLS.Clone()
		right.TLS.Certificates = []tls.Certificate{certificate}
		return right, wrong
	case "OAUTHBEARER":
		right.Token = func() (string, error) { return fetchToken(s.TokenURL, user.Name, user.Password) }
		wrong.Token = func() (string, error) { return s.ForgedToken, nil }
	default:
		wrong.Password = "wrong"
	}
	right.Mechanism, wrong.Mechanism = mechanism, mechanism
	return right, wrong
}

// Logins are the cases of logins. Without a secured broker there are none.
func Logins(name string, client LoggedIn) map[string]Case {
	cases := map[string]Case{}
	var told security
	text := os.Getenv("INTEROP_SECURITY")
	if text == "" {
		return cases
	}
	Must(json.Unmarshal([]byte(text), &told), "INTEROP_SECURITY")
	for _, one := range told.Logins {
		cases[one] = func(string) string { return logIn(told, one, name, client) }
	}
	return cases
}

func logIn(told security, name, clientName string, client LoggedIn) string {
	right, wrong := told.loginsOf(name)
	topic := right.User + "." + clientName
	values := make([]string, loginRecords)
	for index := range values {
		values[index] = fmt.Sprintf("%s %s %d", name, Run, index)
	}
	first, err := client.Produce(right, topic, values)
	Must(err, "produce")
	group := fmt.Sprintf("%s.%s.%s", topic, strings.ReplaceAll(name, "/", "."), Run)
	found, err := client.Consume(right, topic, group, first, loginRecords)
	Must(err, "consume")
	Equal(strings.Join(found, "\n"), strings.Join(values, "\n"), "values")
	_, err = client.Produce(right, forbiddenTopic, values[:1])
	Check(err != nil && client.IsUnauthorized(err), "producing to a forbidden topic: %v", err)
	_, err = client.Consume(right, topic, "another group", first, loginRecords)
	Check(err != nil && client.IsUnauthorized(err), "being a member of a forbidden group: %v", err)
	started := time.Now()
	_, err = client.Produce(wrong, topic, values[:1])
	Check(err != nil && client.IsRefused(err), "logging in wrongly: %v", err)
	Check(time.Since(started) < refusedWithin, "it was long before it was refused")
	return ""
}
