// Kafka's own Java clients log in; harness/security.ts tells what these cases are. Run as Cases.java is.
// Arguments: the bootstrap address and case names; prints one line of JSON per case.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.*;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.serialization.*;

public class Logins {
    static final ObjectMapper JSON = new ObjectMapper();
    static final String RUN = String.format("%08x", new Random().nextInt());
    static final String MODULES = "org.apache.kafka.common.security.";
    static final String FORBIDDEN_TOPIC = "forbidden";
    static final int RECORDS = 50;
    static final Duration PATIENCE = Duration.ofSeconds(40);
    static final Duration REFUSED_WITHIN = Duration.ofSeconds(30);
    static JsonNode security;

    static String text(String... path) {
        JsonNode found = security;
        for (String name : path) found = found.get(name);
        return found.asText();
    }

    static void check(boolean condition, String what) {
        if (!condition) throw new AssertionError(what);
    }

    static void refused(Class<? extends Exception> wanted, Callable<?> call) throws Exception {
        try {
            call.call();
        } catch (Exception error) {
            Throwable reason = error instanceof ExecutionException ? error.getCause() : error;
            check(wanted.isInstance(reason), "expected " + wanted.getSimpleName() + ", got " + reason);
            return;
        }
        throw new AssertionError("not refused with " + wanted.getSimpleName());
    }

    static String jaas(String module, String... options) {
        StringBuilder made = new StringBuilder(MODULES + module + " required");
        for (int at = 0; at < options.length; at += 2)
            made.append(String.format(" %s=\"%s\"", options[at], options[at + 1].replace("\"", "\\\"")));
        return made + ";";
    }

    /** The settings of a case, right ones and such as must be refused. */
    static Map<String, Object> settings(String mechanism, String protocol, boolean isRight) throws Exception {
        Map<String, Object> made = new HashMap<>(Map.of("bootstrap.servers", text("listeners", protocol), "security.protocol", protocol));
        if (protocol.endsWith("SSL")) made.putAll(Map.of("ssl.truststore.type", "PEM", "ssl.truststore.location", text("authority")));
        String user = text("users", mechanism, "name");
        String password = text("users", mechanism, "password");
        if (mechanism.equals("certificate")) {
            if (isRight)
                made.putAll(Map.of("ssl.keystore.type", "PEM", "ssl.keystore.key", Files.readString(Path.of(text("key"))),
                    "ssl.keystore.certificate.chain", Files.readString(Path.of(text("certificate")))));
            return made;
        }
        made.put("sasl.mechanism", mechanism);
        if (mechanism.equals("OAUTHBEARER")) {
            String retriever = isRight ? "ClientCredentialsJwtRetriever" : "FileJwtRetriever";
            made.putAll(Map.of(
                "sasl.login.callback.handler.class", MODULES + "oauthbearer.OAuthBearerLoginCallbackHandler",
                "sasl.oauthbearer.jwt.retriever.class", MODULES + "oauthbearer." + retriever,
                "sasl.oauthbearer.token.endpoint.url", text(isRight ? "tokenUrl" : "forgedTokenUrl"),
                "sasl.oauthbearer.client.credentials.client.id", user,
                "sasl.oauthbearer.client.credentials.client.secret", password,
                "sasl.jaas.config", jaas("oauthbearer.OAuthBearerLoginModule")));
            return made;
        }
        String module = mechanism.equals("PLAIN") ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
        made.put("sasl.jaas.config", jaas(module, "username", user, "password", isRight ? password : "wrong"));
        return made;
    }

    /** Answers the offset of the first value. */
    static long produce(Map<String, Object> settings, String topic, List<String> values) throws Exception {
        List<Future<RecordMetadata>> futures = new ArrayList<>();
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            for (String value : values) futures.add(producer.send(new ProducerRecord<>(topic, value)));
            for (var future : futures) future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        return futures.get(0).get().offset();
    }

    static List<String> consume(Map<String, Object> settings, String topic, String group, long first) throws Exception {
        Map<String, Object> all = new HashMap<>(settings);
        all.putAll(Map.of("group.id", group, "auto.offset.reset", "earliest", "enable.auto.commit", false));
        List<String> found = new ArrayList<>();
        try (var consumer = new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(topic));
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (found.size() < RECORDS) {
                check(System.nanoTime() < deadline, "only " + found.size() + " records of " + topic);
                for (var one : consumer.poll(Duration.ofMillis(200))) if (one.offset() >= first) found.add(one.value());
            }
            consumer.commitSync();
        }
        return found;
    }

    static void logIn(String name) throws Exception {
        String[] parts = name.split("/");
        var right = settings(parts[0], parts[1], true);
        String topic = text("users", parts[0], "name") + ".java";
        List<String> values = IntStream.range(0, RECORDS).mapToObj(index -> name + " " + RUN + " " + index).toList();
        long first = produce(right, topic, values);
        List<String> found = consume(right, topic, topic + "." + parts[1] + "." + RUN, first);
        check(found.equals(values), "values: " + found);
        refused(TopicAuthorizationException.class, () -> produce(right, FORBIDDEN_TOPIC, values.subList(0, 1)));
        refused(GroupAuthorizationException.class, () -> consume(right, topic, "another group", first));
        long started = System.nanoTime();
        var error = parts[0].equals("certificate") ? SslAuthenticationException.class : SaslAuthenticationException.class;
        var wrong = settings(parts[0], parts[1], false);
        refused(error, () -> produce(wrong, topic, values.subList(0, 1)));
        check(System.nanoTime() - started < REFUSED_WITHIN.toNanos(), "it was long before it was refused");
    }

    public static void main(String[] arguments) throws Exception {
        security = JSON.readTree(System.getenv("INTEROP_SECURITY"));
        System.setProperty("org.apache.kafka.sasl.oauthbearer.allowed.urls", text("tokenUrl") + "," + text("forgedTokenUrl"));
        System.setProperty("org.apache.kafka.sasl.oauthbearer.allowed.files", Path.of(java.net.URI.create(text("forgedTokenUrl"))).toString());
        for (String name : Arrays.asList(arguments).subList(1, arguments.length)) {
            String trouble = "";
            try {
                logIn(name);
            } catch (Throwable error) {
                trouble = error + " " + Arrays.toString(error.getStackTrace()) + " " + error.getCause();
            }
            System.out.println(JSON.createObjectNode().put("case", name).put("ok", trouble.isEmpty()).put("detail", trouble));
        }
        System.exit(0);
    }
}
