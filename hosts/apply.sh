#!/bin/sh
# Brings this host to the state of the bundle that it is in; to run it again changes nothing.
set -eu
umask 022
cd "$(dirname "$0")"

# An image that was baked has them all: then no package archive is asked.
missing=
for package in {{ contents.packages | join(' ') }}; do
    dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
        missing="$missing $package"
done
if [ -n "$missing" ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get --quiet update
    # shellcheck disable=SC2086 # a list of names
    apt-get --quiet --yes --no-install-recommends -o Dpkg::Options::=--force-confold install $missing
fi

{% if contents.removed %}
rm -f {{ contents.removed | join(' ') }}
{% endif %}
(cd files && find . -type f) | while read -r file; do
    install -D --mode "$(stat --format %a "files/$file")" "files/$file" "/$file"
done
systemd-sysusers /etc/sysusers.d/askproai.conf
systemd-tmpfiles --create /etc/tmpfiles.d/askproai.conf

# DevOps manual, "Firewall configuration". What is open is open to the VPC alone; security groups are narrower still.
ufw --force default deny incoming
ufw --force default allow outgoing
{% for port in contents.ports %}
ufw allow proto tcp from {{ vpc_cidr }} to any port {{ port }}
{% endfor %}
ufw --force enable

# With what they are to do with logs.
systemctl restart systemd-journald.service rsyslog.service
systemctl daemon-reload
systemctl enable {{ contents.units | join(' ') }}
systemctl restart {{ contents.units | join(' ') }}
