#!/bin/bash
# Makes the certificates and key stores beside it again, with openssl and keytool: ./make-certificates.sh
set -euo pipefail
cd "$(dirname "$0")"
rm -f -- *.pem *.key *.p12 *.jks
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
curve=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
years=36500

authority() { # NAME SUBJECT
  openssl req -x509 "${curve[@]}" -keyout "$1.key" -out "$1.pem" -days $years -subj "$2" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
}
certificate() { # NAME ISSUER SUBJECT EXTENSIONS [DAYS]
  openssl req -new "${curve[@]}" -keyout "$1.key" -out "$work/$1.csr" -utf8 -subj "$3"
  openssl x509 -req -in "$work/$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAserial "$work/serial" -CAcreateserial \
    -days ${5:-$years} -out "$1.pem" -extfile <(printf "$4")
}
server='subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth'
client='extendedKeyUsage=clientAuth'

authority ca '/O=Moldau tests/CN=Test CA'
authority other-ca '/O=Moldau tests/CN=Another CA'
certificate server ca '/O=Moldau tests/CN=localhost' "$server"
certificate renewed ca '/O=Moldau tests/CN=localhost' "$server"
certificate renamed ca '/O=Moldau tests/CN=elsewhere' "$server"
certificate alice ca '/O=Moldau tests/OU=Clients/CN=alice' "$client"
certificate stranger other-ca '/O=Moldau tests/OU=Clients/CN=alice' "$client"
certificate wildcard ca '/O=Moldau tests/OU=Clients/CN=*' "$client"
certificate newline ca $'/O=Moldau tests/OU=Clients/CN=alice\nUser:admin' "$client"
openssl req -x509 "${curve[@]}" -keyout self-signed.key -out self-signed.pem -days $years -subj '/O=Moldau tests/OU=Clients/CN=alice'

# Expired: only `openssl ca` sets both dates.
touch "$work/index"; echo 01 > "$work/next"
printf '[ca]\ndefault_ca=it\n[it]\ndatabase=%s/index\nserial=%s/next\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=any\nx509_extensions=ext\nunique_subject=no\n[any]\nO=optional\nOU=optional\nCN=supplied\n[ext]\nextendedKeyUsage=clientAuth\n' \
  "$work" "$work" "$work" > "$work/ca.conf"
openssl req -new "${curve[@]}" -keyout expired.key -out "$work/expired.csr" -subj '/O=Moldau tests/OU=Clients/CN=alice'
openssl ca -batch -notext -config "$work/ca.conf" -cert ca.pem -keyfile ca.key -in "$work/expired.csr" -out expired.pem \
  -startdate 200101000000Z -enddate 210101000000Z

# The server's, in the other forms that keys come in. The password of all is 'changeit'.
openssl pkcs8 -topk8 -v2 aes-256-cbc -in server.key -passout pass:changeit -out server-encrypted.key
openssl pkcs12 -export -in server.pem -inkey server.key -certfile ca.pem -name server -passout pass:changeit -out server.p12
openssl pkcs12 -export -in server.pem -inkey server.key -certfile ca.pem -name server -passout pass:changeit -out server-3des.p12 \
  -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1
keytool -importkeystore -srckeystore server.p12 -srcstorepass changeit -destkeystore server-keytool.p12 -deststoretype PKCS12 -deststorepass changeit
keytool -importkeystore -srckeystore server.p12 -srcstorepass changeit -destkeystore server.jks -deststoretype JKS -deststorepass changeit
keytool -importcert -noprompt -alias ca -file ca.pem -keystore truststore.p12 -storetype PKCS12 -storepass changeit
keytool -importcert -noprompt -alias other -file other-ca.pem -keystore truststore.p12 -storepass changeit
