"""The call with which Terraform's provider configures itself: the owner of the credentials, read in the region."""

import json
import os
import re
from urllib.error import URLError
from urllib.request import Request, urlopen

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from google.protobuf.struct_pb2 import Struct

QUESTION = "Action=GetCallerIdentity&Version=2011-06-15"
QUICK_SECONDS = 2.0


def allowed(configuration: Struct) -> bool:
    """Whether the region of a provider's configuration answers immediately, with an allowed account.

    If not, the provider itself makes the call: it retries, and reports the problem.
    """
    given = os.environ
    if not {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= given.keys():
        return False
    url = given["AWS_ENDPOINT_URL"]
    asked = AWSRequest("POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, QUESTION)
    known = Credentials(given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"], given.get("AWS_SESSION_TOKEN"))
    SigV4Auth(known, "sts", configuration.fields["region"].string_value).add_auth(asked)
    try:
        with urlopen(Request(url, QUESTION.encode(), dict(asked.headers)), timeout=QUICK_SECONDS) as answer:
            account = re.search(r"<Account>(\d+)</Account>", answer.read().decode())
    except (URLError, TimeoutError, ConnectionError):
        return False
    accounts = configuration.fields["allowedAccountIds"].string_value
    return account is not None and (not accounts or account[1] in json.loads(accounts))
