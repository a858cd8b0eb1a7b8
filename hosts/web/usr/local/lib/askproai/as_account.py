"""Run a program with another account on the database: `as_account.py SECRET PROGRAM ...`, the secret by its ARN."""

import json
import os
import sys

import boto3

if __name__ == "__main__":
    _, arn, program, *arguments = sys.argv
    account = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
    environment = {**os.environ, "DB_USERNAME": account["username"], "DB_PASSWORD": account["password"]}
    os.execve(program, [program, *arguments], environment)
