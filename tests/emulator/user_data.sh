#!/bin/sh
# A small host of the application, of the tests alone: what is on real hosts is not asked here.
set -eu
metadata=http://169.254.169.254/latest
token=$(curl -sSf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $metadata/api/token)
ask() { curl -sSf -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$1"; }
role=$(ask iam/security-credentials/)
credentials=$(ask "iam/security-credentials/$role")
get() { printf %s "$credentials" | python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"; }

mkdir -p /srv/askproai/releases/one /run/askproai /etc/askproai
# The sandbox adds its own authority to those of a host.
: >/etc/askproai/rds-ca.pem
cd /srv/askproai/releases/one
for name in one.tar.gz one.tar.gz.sha256; do
    curl -sSf --aws-sigv4 aws:amz:@REGION@:s3 --user "$(get AccessKeyId):$(get SecretAccessKey)" \
        -H "x-amz-security-token: $(get Token)" -O "https://s3.@REGION@.amazonaws.com/@BUCKET@/releases/$name"
done
sha256sum --check one.tar.gz.sha256
tar -xzf one.tar.gz
mkdir -p storage/framework/views storage/logs bootstrap/cache
chown -R www-data storage bootstrap/cache
ln -s /srv/askproai/releases/one /srv/askproai/current

AWS_DEFAULT_REGION=@REGION@ python3 - <<'END'
import json, boto3
def secret(name):
    return json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])
account, cache, app = secret("@NAME@-database"), secret("@NAME@-cache"), secret("@NAME@-app")
queue = boto3.client("sqs").get_queue_url(QueueName="@NAME@-high")["QueueUrl"]
values = {
    "APP_KEY": app["app_key"], "DB_HOST": "@DATABASE@", "REDIS_HOST": "@CACHE@", "REDIS_PASSWORD": cache["auth_token"],
    "DB_USERNAME": account["username"], "DB_PASSWORD": account["password"], "AWS_DEFAULT_REGION": "@REGION@",
    "MYSQL_ATTR_SSL_CA": "/etc/askproai/rds-ca.pem",
    "SQS_PREFIX": queue.removesuffix("/@NAME@-high"), "SQS_QUEUE": "@NAME@-high",
}
with open("/run/askproai/application.env", "w") as file:
    file.writelines(f'{name}="{value}"\n' for name, value in values.items())
END

cat >/etc/nginx/sites-enabled/default <<'END'
server {
    listen 80 default_server;
    root /srv/askproai/current/public;
    location ~ /\. { deny all; }
    location / { try_files $uri /index.php?$query_string; }
    location = /index.php {
        include fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $realpath_root/index.php;
        fastcgi_pass unix:/run/php/php8.4-fpm.sock;
    }
}
END
echo 'clear_env = no' >>/etc/php/8.4/fpm/pool.d/www.conf
for unit in php8.4-fpm worker; do
    mkdir -p /etc/systemd/system/$unit.service.d
    printf '[Service]\nEnvironmentFile=/run/askproai/application.env\nRestart=always\nRestartSec=1\n' \
        >/etc/systemd/system/$unit.service.d/env.conf
done
cat >/etc/systemd/system/worker.service <<'END'
[Service]
User=www-data
WorkingDirectory=/srv/askproai/current
ExecStart=/usr/bin/php artisan queue:work sqs --sleep=1 --tries=3
END
systemctl daemon-reload
ufw allow 80/tcp
ufw --force enable
systemctl restart php8.4-fpm nginx worker ssh
