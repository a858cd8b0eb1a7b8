#!/bin/sh
# First start of an instance: fetch the configuration bundle with the instance's own credentials, check it, apply it.
set -eu

bucket={{ bucket }}
key={{ key }}
sha256={{ sha256 }}
region={{ region }}

mkdir -p /etc/askproai
cat >/etc/askproai/host.env <<'END'
{% for name, value in environment.items() %}
{{ name }}={{ value }}
{% endfor %}
END

fetch() {
    # The profile's credentials and the network may come some seconds after the start.
    curl --silent --show-error --fail --connect-timeout 5 --retry 12 --retry-delay 2 --retry-all-errors "$@"
}

metadata=http://169.254.169.254/latest
token=$(fetch --request PUT --header 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$metadata/api/token")
metadata() {
    fetch --header "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$1"
}
profile=$(metadata iam/security-credentials/)
credentials=$(metadata "iam/security-credentials/$profile")
credential() {
    printf '%s\n' "$credentials" | sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Credentials by standard input: arguments can be read by every process. AWS_ENDPOINT_URL is AWS's own variable for
# another endpoint, which an image may set.
fetch --config - --aws-sigv4 "aws:amz:$region:s3" --output "$work/bundle.tar.gz" \
    "${AWS_ENDPOINT_URL:-https://s3.$region.amazonaws.com}/$bucket/$key" <<END
user = "$(credential AccessKeyId):$(credential SecretAccessKey)"
header = "x-amz-security-token: $(credential Token)"
END
gzip --decompress "$work/bundle.tar.gz"
echo "$sha256  $work/bundle.tar" | sha256sum --check --quiet
tar --extract --file "$work/bundle.tar" --directory "$work"
"$work/apply"
